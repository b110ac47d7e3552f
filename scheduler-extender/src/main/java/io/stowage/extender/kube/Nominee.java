package io.stowage.extender.kube;

/**
 * What of a waiting pod matters to who would nominate a node for it.
 *
 * @param nodeName the node that its status nominates, empty where none is
 * @param byStowage whether Stowage wrote that, as the API server has recorded
 * @param preempts whether kube-scheduler may preempt others for it, and then nominates a node
 *     itself
 * @param open whether a node may be nominated as far as the pod goes: kube-scheduler has not tried
 *     it in vain, nothing gates it, it is not being deleted or one of a group, and which nodes it
 *     may get follows from what it requests and from {@link PlacementRules} alone
 */
public record Nominee(String nodeName, boolean byStowage, boolean preempts, boolean open) {

  /** The manager that the API server records for what Stowage writes into {@code status}. */
  public static final String FIELD_MANAGER = "stowage-nomination";

  /** A pod that none is nominated for and that nothing is known of. */
  public static final Nominee CLOSED = new Nominee("", false, true, false);

  /** A pod that none is nominated for and that one may be nominated for. */
  public static final Nominee OPEN = new Nominee("", false, true, true);

  /** Tells whether a node is nominated, by whomever. */
  public boolean isNominated() {
    return !nodeName.isEmpty();
  }

  /** Returns the same pod with a node nominated, or with none for an empty name. */
  public Nominee nominated(String node, boolean byStowage) {
    return new Nominee(node, byStowage, preempts, open);
  }
}
