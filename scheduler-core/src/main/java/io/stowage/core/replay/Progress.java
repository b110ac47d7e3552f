package io.stowage.core.replay;

/** Is told how far a replay has come. */
@FunctionalInterface
public interface Progress {
  /** Nobody wants to know. */
  Progress NONE = part -> {};

  /** Takes the part done, from 0 to 1; called often, on the replay's thread. */
  void update(double part);
}
