package io.stowage.extender.rights;

/** The API server does not allow what the service needs; the message says what and why. */
public final class MissingRightException extends Exception {
  private static final long serialVersionUID = 1L;

  MissingRightException(String message) {
    super(message);
  }
}
