package io.stowage.extender.check;

import io.stowage.extender.observe.PlacementTrial.FreeGpus;
import io.stowage.extender.observe.PlacementTrial.Room;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a check found.
 *
 * @param workloads the objects that make pods, in the order of the manifests
 * @param withoutPods the other manifests, each by where it is, its kind and its name
 * @param requirement what pods must do for the check to pass
 * @param bounds the bounds, in the order in which they were given, {@code --max-stranded} first
 * @param before what was free before
 * @param after what is free after
 * @param cluster what else is in the cluster
 * @param notes what is not known
 */
public record CheckReport(
    List<CheckedWorkload> workloads,
    List<String> withoutPods,
    Requirement requirement,
    List<Bound.Outcome> bounds,
    Room before,
    Room after,
    Others cluster,
    List<String> notes) {

  /** Copies the lists. */
  public CheckReport {
    workloads = List.copyOf(workloads);
    withoutPods = List.copyOf(withoutPods);
    bounds = List.copyOf(bounds);
    notes = List.copyOf(notes);
  }

  /**
   * Pods of a cluster.
   *
   * @param runningPods how many run
   * @param waitingPods how many wait already
   * @param waitingFirst whether those were placed first
   * @param waitingPlaced how many of them fitted
   */
  public record Others(int runningPods, int waitingPods, boolean waitingFirst, int waitingPlaced) {}

  /**
   * An object with its pods.
   *
   * @param where the file with the number of the document
   * @param kind its kind
   * @param namespace its namespace
   * @param name its name
   * @param pods its pods, in order
   * @param notes what was assumed
   */
  public record CheckedWorkload(
      String where,
      String kind,
      String namespace,
      String name,
      List<CheckedPod> pods,
      List<String> notes) {
    /** Copies the lists. */
    public CheckedWorkload {
      pods = List.copyOf(pods);
      notes = List.copyOf(notes);
    }

    /** Returns kind, namespace and name. */
    public String title() {
      return kind + " " + namespace + "/" + name;
    }

    /** Returns how many pods are on each node, nodes in the order in which pods were placed. */
    public Map<String, Integer> podsByNode() {
      Map<String, Integer> counts = new LinkedHashMap<>();
      for (CheckedPod pod : pods) {
        if (pod.fits()) {
          counts.merge(pod.node(), 1, Integer::sum);
        }
      }
      return counts;
    }

    /** Returns the names of the pods that do not meet a requirement by why, in order. */
    public Map<String, List<String>> failing(Requirement requirement) {
      Map<String, List<String>> failing = new LinkedHashMap<>();
      for (CheckedPod pod : pods) {
        if (!pod.meets(requirement)) {
          failing.computeIfAbsent(pod.sentence(), sentence -> new ArrayList<>()).add(pod.name());
        }
      }
      return failing;
    }
  }

  /**
   * A pod.
   *
   * @param name its name, as near as it is known
   * @param asks what it asks for, in words
   * @param node where it would go, empty where it would wait
   * @param gpuDevices the indices of its GPUs there, empty where they are not visible
   * @param fitsEmpty whether it fits, or would if only pods tied to nodes were there
   * @param sentence why it would wait, or where it would fit
   */
  public record CheckedPod(
      String name,
      String asks,
      String node,
      List<Integer> gpuDevices,
      boolean fitsEmpty,
      String sentence) {
    /** Copies {@code gpuDevices}. */
    public CheckedPod {
      gpuDevices = List.copyOf(gpuDevices);
    }

    /** Tells whether it fits now. */
    public boolean fits() {
      return !node.isEmpty();
    }

    /** Tells whether it does what is required. */
    public boolean meets(Requirement requirement) {
      return switch (requirement) {
        case FITS -> fits();
        case FITS_EMPTY -> fitsEmpty;
        case NOTHING -> true;
      };
    }
  }

  /** Tells whether the requirement is met and all bounds hold. */
  public boolean passed() {
    return bounds.stream().allMatch(Bound.Outcome::kept)
        && workloads.stream().allMatch(workload -> workload.failing(requirement).isEmpty());
  }

  /** Returns how many pods the manifests make. */
  public int podCount() {
    return workloads.stream().mapToInt(workload -> workload.pods().size()).sum();
  }

  /** Returns how many of them fit. */
  public int fitting() {
    return (int)
        workloads.stream()
            .flatMap(workload -> workload.pods().stream())
            .filter(CheckedPod::fits)
            .count();
  }

  /** Returns how many nodes with GPUs have all of them free. */
  public static int wholeNodes(Room room) {
    return (int)
        room.nodes().stream().filter(node -> node.open() && node.free() == node.all()).count();
  }

  /** Returns how many GPUs are all free, on nodes that take pods. */
  public static int wholeGpus(Room room) {
    return room.nodes().stream().filter(FreeGpus::open).mapToInt(FreeGpus::free).sum();
  }
}
