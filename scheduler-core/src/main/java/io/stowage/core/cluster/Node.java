package io.stowage.core.cluster;

/**
 * One node as the API server describes it.
 *
 * @param name its name
 * @param allocatable what pods may ask of it in sum, GPUs left out
 * @param podCapacity how many pods it takes
 * @param gpus its GPUs
 * @param ready whether its kubelet reports Ready
 * @param cordoned whether it is marked unschedulable
 * @param tainted whether it has a taint that keeps pods without a toleration away
 * @param virtual whether it stands for capacity elsewhere (a virtual kubelet) and not for a machine
 */
public record Node(
    String name,
    Resources allocatable,
    int podCapacity,
    NodeGpus gpus,
    boolean ready,
    boolean cordoned,
    boolean tainted,
    boolean virtual) {

  /** Throws IllegalArgumentException for an empty name or a negative pod capacity. */
  public Node {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a node needs a name");
    }
    if (podCapacity < 0) {
      throw new IllegalArgumentException("podCapacity must be at least 0, was " + podCapacity);
    }
  }

  /** Returns a ready, schedulable machine. */
  public static Node ready(String name, Resources allocatable, int podCapacity, NodeGpus gpus) {
    return new Node(name, allocatable, podCapacity, gpus, true, false, false, false);
  }

  /** Returns the same node under another name. */
  public Node withName(String newName) {
    return new Node(newName, allocatable, podCapacity, gpus, ready, cordoned, tainted, virtual);
  }

  /**
   * Tells whether the node belongs to the denominator of utilization: a real machine that is up.
   * Cordoned and tainted machines count, for they are paid for; virtual nodes and machines that are
   * not ready do not, nor does what pods ask of them.
   */
  public boolean countsAsCapacity() {
    return ready && !virtual;
  }
}
