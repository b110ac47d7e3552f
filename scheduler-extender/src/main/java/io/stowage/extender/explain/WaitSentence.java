package io.stowage.extender.explain;

import io.stowage.core.cluster.PodShape;

/** Why a pod waits, in one sentence without a full stop. */
public final class WaitSentence {
  /** Of a pod that scheduling gates keep back. */
  public static final String GATED = "its scheduling gates keep it back";

  /** Of a pod that room is held for. */
  public static final String HELD = "room is held for it; kube-scheduler is binding it";

  private WaitSentence() {}

  /**
   * Returns the sentence for a pod that is not gated and that no room is held for.
   *
   * @param shape what it asks for
   * @param nodes what keeps it off the nodes
   * @param refused whether the last filter of Stowage's kept no node for it
   */
  public static String of(PodShape shape, NodesByMissing nodes, boolean refused) {
    int fitting = nodes.fittingNodes().size();
    if (fitting == 0) {
      return nodes.sentence(shape);
    }
    String room = Amounts.count(fitting, "node") + (fitting == 1 ? " has" : " have") + " room, ";
    return refused
        ? room + "which is held or kept for other pods, or is not for it to take"
        : room + "but kube-scheduler has not asked for it yet, or rules of its own say no";
  }

  /**
   * Returns the same with what the pod needs: {@code needs 1 GPU with 810 of 1000 free: 212 nodes
   * have enough in total but no single GPU; 14 are cordoned}.
   *
   * @param unitsPerGpu how many units a GPU has that can be shared, 0 where that is not known
   */
  public static String withNeed(
      PodShape shape, long unitsPerGpu, NodesByMissing nodes, boolean refused) {
    String need =
        shape.gpu().isNone()
            ? Amounts.request(shape, unitsPerGpu)
            : Amounts.gpu(shape, unitsPerGpu);
    return "needs " + need + ": " + of(shape, nodes, refused);
  }
}
