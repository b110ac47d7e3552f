package io.stowage.extender.state;

/** What became of a change of a nomination. */
public sealed interface NominationOutcome {

  /**
   * It was written.
   *
   * @param resourceVersion the version of the pod that it made
   */
  record Written(long resourceVersion) implements NominationOutcome {}

  /** The pod is another one than it was decided on, or is bound: nothing was written. */
  record Outdated() implements NominationOutcome {}

  /** There is no such pod any more. */
  record Gone() implements NominationOutcome {}

  /**
   * Stowage may not patch pods/status, or not so.
   *
   * @param message what the API server says
   */
  record Forbidden(String message) implements NominationOutcome {}

  /** The API server did not take it, or did not say. */
  record Failed() implements NominationOutcome {}
}
