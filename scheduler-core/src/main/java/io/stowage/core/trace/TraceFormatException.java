package io.stowage.core.trace;

import java.io.IOException;

/** A trace that cannot be read; the message names file, line, column and value. */
public final class TraceFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence for the user. */
  public TraceFormatException(String message) {
    super(message);
  }
}
