package io.stowage.extender.wire;

/**
 * A body that is not this protocol at all; the message says what was expected, is one line, and is
 * cut where what was found is long.
 */
public final class MalformedRequestException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int MAX_CHARS = 500;

  /** Creates the exception with one sentence. */
  public MalformedRequestException(String message) {
    super(
        (message.length() <= MAX_CHARS ? message : message.substring(0, MAX_CHARS) + "…")
            .replaceAll("\\p{Cntrl}", "?"));
  }
}
