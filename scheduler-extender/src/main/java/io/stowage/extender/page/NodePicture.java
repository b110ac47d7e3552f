package io.stowage.extender.page;

import io.stowage.core.fragmentation.StrandCause;
import io.stowage.extender.kube.NodeLabels;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One node as the page shows it.
 *
 * @param name its name
 * @param labels its pool, zone and machine type
 * @param standing whether pods may go there
 * @param cpuMilli allocatable CPU, in milli-cores
 * @param cpuFreeMilli what is left of it
 * @param memoryBytes allocatable memory
 * @param memoryFreeBytes what is left of it
 * @param devicesVisible whether pods' GPUs are known; else which pod has which is a guess
 * @param gpus its GPUs by index
 * @param pods the pods on it
 * @param slots the plan's open slots on it
 */
public record NodePicture(
    String name,
    NodeLabels labels,
    Standing standing,
    long cpuMilli,
    long cpuFreeMilli,
    long memoryBytes,
    long memoryFreeBytes,
    boolean devicesVisible,
    List<Gpu> gpus,
    List<OnNode> pods,
    List<PlannedSlot> slots) {

  /** Copies the lists. */
  public NodePicture {
    gpus = List.copyOf(gpus);
    pods = List.copyOf(pods);
    slots = List.copyOf(slots);
  }

  /** Whether pods may go to a node. */
  public enum Standing {
    /** They may. */
    READY("ready"),
    /** It is marked unschedulable. */
    CORDONED("cordoned"),
    /** It has a taint that keeps pods without a toleration away. */
    TAINTED("tainted"),
    /** Its kubelet does not report Ready. */
    NOT_READY("not ready"),
    /** It stands for capacity elsewhere. */
    VIRTUAL("virtual"),
    /** Only pods on it are known. */
    UNKNOWN("unknown");

    private final String text;

    Standing(String text) {
      this.text = text;
    }

    /** Returns the word for people. */
    public String text() {
      return text;
    }
  }

  /**
   * A GPU.
   *
   * @param model its model, empty where unknown
   * @param healthy whether it counts as capacity
   * @param freeMilli what is left of it, 1000 for all
   * @param stranded why no pod of the workload seen can use what is left; null where one can,
   *     nothing is left or no workload was seen yet
   */
  public record Gpu(
      String model, boolean healthy, long freeMilli, @Nullable StrandCause stranded) {}

  /**
   * A pod on the node.
   *
   * @param namespace its namespace
   * @param name its name
   * @param owner its controller, such as {@code Job/train}; empty where it has none
   * @param priority its priority
   * @param cpuMilli the CPU that it asks for, in milli-cores
   * @param memoryBytes the memory that it asks for
   * @param gpus the indices of the GPUs that it holds
   * @param gpuMilli what it asks of each, 1000 for all
   */
  public record OnNode(
      String namespace,
      String name,
      String owner,
      int priority,
      long cpuMilli,
      long memoryBytes,
      List<Integer> gpus,
      long gpuMilli) {

    /** Copies {@code gpus}. */
    public OnNode {
      gpus = List.copyOf(gpus);
    }
  }

  /**
   * A slot of the plan that no pod has taken yet.
   *
   * @param gpus the indices of its GPUs
   * @param gpuMilli what it keeps of each
   * @param cpuMilli the CPU that it keeps, in milli-cores
   * @param pending whether it is for a pod that waits, not for one that is expected
   */
  public record PlannedSlot(List<Integer> gpus, long gpuMilli, long cpuMilli, boolean pending) {

    /** Copies {@code gpus}. */
    public PlannedSlot {
      gpus = List.copyOf(gpus);
    }
  }
}
