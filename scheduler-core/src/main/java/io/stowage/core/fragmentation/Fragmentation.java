package io.stowage.core.fragmentation;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.fragmentation.TypicalPods.TypicalPod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

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

  /** The node looked at last, so that one look after the other at it reads it once. */
  private @Nullable NodeState node;

  private long version;
  private Table table = new Table();
  private int gpus;
  private long[] capacityUnits = new long[16];
  private long[] freeUnits = new long[16];
  private double[] freeMilli = new double[16];

  /** GPUs of which something is left, in order. */
  private final Rest rest = new Rest();

  private static final class Rest {
    private int gpus;
    private double totalMilli;
    private long[] capacityUnits = new long[16];
    private long[] units = new long[16];
    private double[] milli = new double[16];

    private void clear(int limit) {
      gpus = 0;
      totalMilli = 0;
      if (units.length < limit) {
        capacityUnits = new long[limit];
        units = new long[limit];
        milli = new double[limit];
      }
    }

    private void add(long leftUnits, long ofUnits, double leftMilli) {
      if (leftUnits > 0) {
        totalMilli += leftMilli;
        capacityUnits[gpus] = ofUnits;
        units[gpus] = leftUnits;
        milli[gpus++] = leftMilli;
      }
    }

    /** Returns the milli-GPU on GPUs that can serve a request; 0 where they are too few. */
    private double usableMilli(int count, long unitsPerGpu) {
      double usable = 0;
      int found = 0;
      for (int i = 0; i < gpus; i++) {
        if (units[i] >= (unitsPerGpu == 0 ? capacityUnits[i] : unitsPerGpu)) {
          usable += milli[i];
          found++;
        }
      }
      return found < count ? 0 : usable;
    }
  }

  /** The typical pods that a kind of GPU can serve at all, grouped by what they ask of it. */
  private static final class Table {
    /** Distinct CPU demands, ascending. */
    private long[] cpuMilli = {};

    /** By group: how many GPUs its pods ask for, and which share of one, 0 for whole ones. */
    private int[] count = {};

    private long[] unitsPerGpu = {};

    /** By number of CPU demands that fit, then by group: the frequency of pods that can run. */
    private double[][] frequency = {};
  }

  /** Creates the measure for a workload. */
  public Fragmentation(TypicalPods typical) {
    this.typical = typical;
  }

  /** Returns the node's fragmentation as it is, in milli-GPU. */
  public double milli(NodeState ofNode) {
    look(ofNode);
    rest.clear(gpus);
    for (int i = 0; i < gpus; i++) {
      rest.add(freeUnits[i], capacityUnits[i], freeMilli[i]);
    }
    return milliOfRest(ofNode.freeCpuMilli());
  }

  /**
   * Returns the node's fragmentation in milli-GPU after a pod has been placed on the given GPUs.
   *
   * @param gpuDevices distinct indices of GPUs with room for the shape; empty for a pod without GPU
   */
  public double milliAfter(NodeState ofNode, PodShape shape, int[] gpuDevices) {
    look(ofNode);
    rest.clear(gpus);
    for (int i = 0; i < gpus; i++) {
      long left = freeUnits[i];
      double leftMilli = freeMilli[i];
      for (int device : gpuDevices) {
        if (device == i) {
          left -= shape.gpu().unitsOf(capacityUnits[i]);
          leftMilli = left * 1000.0 / capacityUnits[i];
        }
      }
      rest.add(left, capacityUnits[i], leftMilli);
    }
    return milliOfRest(ofNode.freeCpuMilli() - shape.request().cpuMilli());
  }

  private void look(NodeState ofNode) {
    if (ofNode.equals(node) && ofNode.version() == version) {
      return;
    }
    node = ofNode;
    version = ofNode.version();
    table = tableOf(ofNode);
    gpus = ofNode.gpuCount();
    if (gpus > freeUnits.length) {
      capacityUnits = new long[gpus];
      freeUnits = new long[gpus];
      freeMilli = new double[gpus];
    }
    for (int i = 0; i < gpus; i++) {
      capacityUnits[i] = ofNode.gpuCapacityUnits(i);
      freeUnits[i] = ofNode.gpuFreeUnits(i);
      freeMilli[i] = freeUnits[i] * 1000.0 / capacityUnits[i];
    }
  }

  private double milliOfRest(long freeCpuMilli) {
    if (rest.totalMilli == 0 || typical.pods().isEmpty()) {
      return 0;
    }
    double[] frequency = table.frequency[runnable(table.cpuMilli, freeCpuMilli)];
    double served = 0;
    for (int group = 0; group < table.count.length; group++) {
      if (frequency[group] > 0) {
        served += frequency[group] * rest.usableMilli(table.count[group], table.unitsPerGpu[group]);
      }
    }
    return rest.totalMilli - served;
  }

  private static int runnable(long[] cpuMilli, long freeCpuMilli) {
    int index = Arrays.binarySearch(cpuMilli, freeCpuMilli);
    return index >= 0 ? index + 1 : -index - 1;
  }

  private Table tableOf(NodeState ofNode) {
    Node spec = ofNode.node();
    String resource = spec == null ? "" : spec.gpus().resource();
    String model = ofNode.gpuCount() == 0 ? "" : ofNode.gpuModel(0);
    Map<String, Table> byModel = tables.get(resource);
    if (byModel == null) {
      byModel = new HashMap<>();
      tables.put(resource, byModel);
    }
    Table known = byModel.get(model);
    if (known == null) {
      known = build(resource, model);
      byModel.put(model, known);
    }
    return known;
  }

  private Table build(String resource, String model) {
    List<TypicalPod> served =
        typical.pods().stream()
            .filter(pod -> pod.gpu().resource().equals(resource) && !pod.gpu().isNone())
            .filter(pod -> pod.gpuModels().isEmpty() || pod.gpuModels().contains(model))
            .toList();
    Table built = new Table();
    built.cpuMilli = served.stream().mapToLong(TypicalPod::cpuMilli).distinct().sorted().toArray();
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
    built.count = requests.stream().mapToInt(GpuRequest::count).toArray();
    built.unitsPerGpu = requests.stream().mapToLong(GpuRequest::unitsPerGpu).toArray();
    built.frequency = new double[built.cpuMilli.length + 1][requests.size()];
    int row = 0;
    for (List<TypicalPod> pods : byCpu.values()) {
      row++;
      System.arraycopy(built.frequency[row - 1], 0, built.frequency[row], 0, requests.size());
      for (TypicalPod pod : pods) {
        Integer group = groups.get(pod.gpu());
        if (group != null) {
          built.frequency[row][group] += pod.frequency();
        }
      }
    }
    return built;
  }
}
