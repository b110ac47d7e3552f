package io.stowage.extender.state;

/** What became of the writing of a binding. */
public sealed interface BindOutcome {

  /** The API server has the binding. */
  record Bound() implements BindOutcome {}

  /**
   * The API server does not have it.
   *
   * @param reason one sentence
   */
  record NotBound(String reason) implements BindOutcome {}

  /**
   * Nobody knows: the write timed out and could not be read back.
   *
   * @param reason one sentence
   */
  record InDoubt(String reason) implements BindOutcome {}
}
