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

  /** The API server did not take it, or did not say. */
  record Failed() implements NominationOutcome {}
}
