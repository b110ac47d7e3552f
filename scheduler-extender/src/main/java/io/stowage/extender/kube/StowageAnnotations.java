package io.stowage.extender.kube;

/** The annotations of Stowage's own on pods. */
public final class StowageAnnotations {
  /**
   * On every Binding that gives a pod a device: the epoch of the leader that made it, a whole
   * number, 0 where no fence is in use.
   */
  public static final String EPOCH = "stowage.io/epoch";

  /** On a waiting pod: patched to have kube-scheduler try it again. */
  public static final String WOKEN = "stowage.io/woken";

  private StowageAnnotations() {}
}
