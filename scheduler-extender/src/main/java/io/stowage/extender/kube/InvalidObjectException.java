package io.stowage.extender.kube;

/**
 * A Kubernetes object that cannot be understood; the message names the field and what it wants, is
 * one line, and is cut where what was found is long.
 */
public final class InvalidObjectException extends Exception {
  private static final long serialVersionUID = 1L;

  private static final int MAX_CHARS = 300;

  private final String field;
  private final String expectation;

  /**
   * Creates the exception.
   *
   * @param field the field's path, such as {@code spec.containers[0].resources.requests[cpu]}
   * @param expectation what was expected there and what was found
   */
  public InvalidObjectException(String field, String expectation) {
    super(oneLine(field) + ": " + oneLine(expectation));
    this.field = field;
    this.expectation = expectation;
  }

  private static String oneLine(String text) {
    String cut = text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "…";
    return cut.replaceAll("\\p{Cntrl}", "?");
  }

  /** Returns the same, its field's path led on from that of the object around it. */
  public InvalidObjectException within(String outer) {
    return new InvalidObjectException(outer + "." + field, expectation);
  }
}
