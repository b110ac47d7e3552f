package io.stowage.extender.kube;

/** The annotations that Stowage writes on pods. */
public final class StowageAnnotations {

  /**
   * The epoch of the Stowage that gave the pod its device, on every Binding that gives one; "0"
   * without a fence.
   */
  public static final String EPOCH = "stowage.io/epoch";

  /** Changed to have kube-scheduler try a waiting pod again. */
  public static final String WOKEN = "stowage.io/woken";

  private StowageAnnotations() {}
}
