package io.stowage.extender.snapshot;

import java.io.IOException;

/** A snapshot that cannot be read; the message names file, object, field and expectation. */
public final class SnapshotFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence for the user. */
  public SnapshotFormatException(String message) {
    super(message);
  }
}
