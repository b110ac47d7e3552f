package io.stowage.extender.nominate;

/** Stowage has no right to write a nomination. */
final class ForbiddenException extends Exception {
  private static final long serialVersionUID = 1L;

  ForbiddenException(Exception answer) {
    super(answer.getMessage(), answer);
  }
}
