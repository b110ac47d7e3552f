package io.stowage.extender.experiment;

/** The protocols by the names that users choose them by. */
public enum Protocol {
  /** Pods arrive until they have asked for 130 % of the GPUs; none leaves. */
  inflation,
  /** Pods arrive, wait, run and end at a given load. */
  churn,
  /** All pods are pending at once. */
  burst
}
