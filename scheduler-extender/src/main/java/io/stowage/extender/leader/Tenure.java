package io.stowage.extender.leader;

/** Whether this process may be the active one, as far as it knows. Thread-safe. */
interface Tenure {

  /**
   * Brings up to date what is known; blocks.
   *
   * @throws io.fabric8.kubernetes.client.KubernetesClientException where the API server does not
   *     say
   */
  void round();

  /** Tells, by the clock and without asking anybody, whether it may be active now. */
  boolean holds();

  /**
   * Tells whether it may be active by something that happened after a moment of {@link
   * System#nanoTime}.
   */
  boolean holdsAnewSince(long nanos);

  /** Returns why it may not be active, as a part of a sentence. */
  String whyNot();

  /** Gives up what is held; blocks. */
  void release();
}
