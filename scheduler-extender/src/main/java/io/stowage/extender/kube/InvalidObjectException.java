package io.stowage.extender.kube;

/** A Kubernetes object that cannot be understood; the message names the field and what it wants. */
public final class InvalidObjectException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String field;
  private final String expectation;

  /**
   * Creates the exception.
   *
   * @param field the field's path, such as {@code spec.containers[0].resources.requests[cpu]}
   * @param expectation what was expected there and what was found
   */
  public InvalidObjectException(String field, String expectation) {
    super(field + ": " + expectation);
    this.field = field;
    this.expectation = expectation;
  }

  /** Returns the same, its field's path led on from that of the object around it. */
  public InvalidObjectException within(String outer) {
    return new InvalidObjectException(outer + "." + field, expectation);
  }
}
