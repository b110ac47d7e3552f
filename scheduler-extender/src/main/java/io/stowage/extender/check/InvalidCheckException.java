package io.stowage.extender.check;

/** A check that cannot be made; the message names what is wrong where, and what was expected. */
public final class InvalidCheckException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence for the user. */
  public InvalidCheckException(String message) {
    super(message);
  }
}
