package io.stowage.extender.decisions;

/** A file is no log of decisions; the message says where, and what was expected. */
public final class DecisionFormatException extends Exception {
  private static final long serialVersionUID = 1;

  DecisionFormatException(String message) {
    super(message);
  }
}
