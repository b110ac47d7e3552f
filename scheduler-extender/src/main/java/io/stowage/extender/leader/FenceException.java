package io.stowage.extender.leader;

/** The fence is not there, does not work or cannot be asked; the message is one sentence. */
final class FenceException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean passing;

  private FenceException(String message, boolean passing) {
    super(message);
    this.passing = passing;
  }

  /** The fence is missing or wrong. */
  static FenceException wrong(String message) {
    return new FenceException(message, false);
  }

  /** The API server does not say, or does not for a moment. */
  static FenceException passing(String message) {
    return new FenceException(message, true);
  }

  /** Tells whether nothing is known to be wrong. */
  boolean isPassing() {
    return passing;
  }
}
