package io.stowage.extender.page;

/**
 * Where the page has its picture from: a running service, or a snapshot, which changes never.
 * Called on the page's one thread; may block it.
 */
public interface PictureSource {

  /** Returns what changed since the last call; from the first one, everything. */
  PictureChange changes();

  /** Returns the figures of now. */
  Sample sample();
}
