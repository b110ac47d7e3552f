package io.stowage.extender.experiment;

/** An experiment or its input that is refused; the message is one sentence for the user. */
public final class InvalidExperimentException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence. */
  public InvalidExperimentException(String message) {
    super(message);
  }
}
