package io.stowage.extender.wire;

/** A body that is not this protocol at all; the message says what was expected. */
public final class MalformedRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence. */
  public MalformedRequestException(String message) {
    super(message);
  }
}
