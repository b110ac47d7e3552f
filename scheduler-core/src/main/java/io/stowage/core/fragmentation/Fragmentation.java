package io.stowage.core.fragmentation;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.TypicalPods.TypicalPod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Fragmentation of a node: the free GPU that a typical pod cannot use, in milli-GPU.
 *
 * <p>For one typical pod it is all free GPU of the node where the pod asks for no GPU or cannot run
 * there by CPU, model or number of GPUs with enough left; else what is left on just those GPUs that
 * have less than it asks of one. The node's fragmentation is the mean over typical pods by
 * frequency. Source: "Beware of Fragmentation" (USENIX ATC 2023), section 3. A node with GPUs of
 * several models is judged by the model of its first.
 *
 * <p>Typical pods are grouped by what they ask of GPUs, with frequencies summed up over ascending
 * CPU, so that one look costs as many steps as there are groups times GPUs. Not thread-safe.
 */
public final class Fragmentation {
  private final TypicalPods typical;
  private final Map<String, Map<String, Table>> tables = new HashMap<>();
  private long[] freeUnits = new long[16];
  private long[] capacityUnits = new long[16];

  /** The typical pods that a kind of GPU can serve at all, grouped by what they ask of it. */
  private static final class Table {
    /** Distinct CPU demands, ascending. */
    private long[] cpuMilli = {};

    private GpuRequest[] requests = {};

    /** By number of CPU demands that fit, then by group: the frequency of pods that can run. */
    private double[][] frequency = {};
  }

  /** Creates the measure for a workload. */
  public Fragmentation(TypicalPods typical) {
    this.typical = typical;
  }

  /** Returns the node's fragmentation as it is, in milli-GPU. */
  public double milli(NodeState node) {
    int gpus = load(node);
    return milli(tableOf(node), node.freeCpuMilli(), gpus);
  }

  /**
   * Returns the node's fragmentation in milli-GPU after a pod has been placed on the given GPUs.
   *
   * @param gpuDevices distinct indices of GPUs with room for the shape; empty for a pod without GPU
   */
  public double milliAfter(NodeState node, PodShape shape, int[] gpuDevices) {
    int gpus = load(node);
    for (int device : gpuDevices) {
      freeUnits[device] -= shape.gpu().unitsOf(capacityUnits[device]);
    }
    return milli(tableOf(node), node.freeCpuMilli() - shape.request().cpuMilli(), gpus);
  }

  private int load(NodeState node) {
    int gpus = node.gpuCount();
    if (gpus > freeUnits.length) {
      freeUnits = new long[gpus];
      capacityUnits = new long[gpus];
    }
    for (int i = 0; i < gpus; i++) {
      freeUnits[i] = node.gpuFreeUnits(i);
      capacityUnits[i] = node.gpuCapacityUnits(i);
    }
    return gpus;
  }

  private double milli(Table table, long freeCpuMilli, int gpus) {
    double totalMilli = 0;
    int partly = 0;
    for (int i = 0; i < gpus; i++) {
      if (freeUnits[i] > 0) {
        totalMilli += freeUnits[i] * 1000.0 / capacityUnits[i];
        freeUnits[partly] = freeUnits[i];
        capacityUnits[partly++] = capacityUnits[i];
      }
    }
    if (totalMilli == 0) {
      return 0;
    }
    double[] frequency = table.frequency[runnable(table.cpuMilli, freeCpuMilli)];
    double served = 0;
    for (int group = 0; group < table.requests.length; group++) {
      if (frequency[group] > 0) {
        served += frequency[group] * usableMilli(table.requests[group], partly);
      }
    }
    return totalMilli - served;
  }

  /** Returns the free milli-GPU on GPUs that can serve the request; 0 where they are too few. */
  private double usableMilli(GpuRequest request, int gpus) {
    double usable = 0;
    int count = 0;
    for (int i = 0; i < gpus; i++) {
      if (freeUnits[i] >= request.unitsOf(capacityUnits[i])) {
        usable += freeUnits[i] * 1000.0 / capacityUnits[i];
        count++;
      }
    }
    return count < request.count() ? 0 : usable;
  }

  private static int runnable(long[] cpuMilli, long freeCpuMilli) {
    int index = Arrays.binarySearch(cpuMilli, freeCpuMilli);
    return index >= 0 ? index + 1 : -index - 1;
  }

  private Table tableOf(NodeState node) {
    String resource = node.node() == null ? "" : node.node().gpus().resource();
    String model = node.gpuCount() == 0 ? "" : node.gpuModel(0);
    Map<String, Table> byModel = tables.get(resource);
    if (byModel == null) {
      byModel = new HashMap<>();
      tables.put(resource, byModel);
    }
    Table table = byModel.get(model);
    if (table == null) {
      table = build(resource, model);
      byModel.put(model, table);
    }
    return table;
  }

  private Table build(String resource, String model) {
    List<TypicalPod> served =
        typical.pods().stream()
            .filter(pod -> pod.gpu().resource().equals(resource) && !pod.gpu().isNone())
            .filter(pod -> pod.gpuModels().isEmpty() || pod.gpuModels().contains(model))
            .toList();
    Table table = new Table();
    table.cpuMilli = served.stream().mapToLong(TypicalPod::cpuMilli).distinct().sorted().toArray();
    List<GpuRequest> requests = new ArrayList<>();
    Map<GpuRequest, Integer> groups = new HashMap<>();
    TreeMap<Long, List<TypicalPod>> byCpu = new TreeMap<>();
    for (TypicalPod pod : served) {
      groups.computeIfAbsent(
          pod.gpu(),
          request -> {
            requests.add(request);
            return requests.size() - 1;
          });
      byCpu.computeIfAbsent(pod.cpuMilli(), cpu -> new ArrayList<>()).add(pod);
    }
    table.requests = requests.toArray(GpuRequest[]::new);
    table.frequency = new double[table.cpuMilli.length + 1][requests.size()];
    int row = 0;
    for (List<TypicalPod> pods : byCpu.values()) {
      row++;
      System.arraycopy(table.frequency[row - 1], 0, table.frequency[row], 0, requests.size());
      for (TypicalPod pod : pods) {
        Integer group = groups.get(pod.gpu());
        if (group != null) {
          table.frequency[row][group] += pod.frequency();
        }
      }
    }
    return table;
  }
}
