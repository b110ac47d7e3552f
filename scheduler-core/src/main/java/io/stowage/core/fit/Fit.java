package io.stowage.core.fit;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Decides whether a shape fits what is free on a node, by amounts, GPUs and GPU models.
 *
 * <p>As in kube-scheduler's NodeResourcesFit, a resource that is not asked for is not looked at, so
 * a pod that asks for nothing fits a node that is over-committed. Readiness, taints and affinity
 * are kube-scheduler's affair.
 */
public final class Fit {
  private static final long GPU_MILLI = 1000;

  private Fit() {}

  /** Tells whether the shape fits; allocates nothing. */
  public static boolean fits(PodShape shape, NodeState node) {
    return node.freePods() > 0 && fitsSums(shape, node) && fitsGpus(shape, node);
  }

  private static boolean fitsSums(PodShape shape, NodeState node) {
    Resources request = shape.request();
    if (lacks(request.cpuMilli(), node.freeCpuMilli())
        || lacks(request.memoryBytes(), node.freeMemoryBytes())
        || lacks(request.ephemeralStorageBytes(), node.freeEphemeralStorageBytes())) {
      return false;
    }
    if (!request.extended().isEmpty()) {
      for (Map.Entry<String, Long> entry : request.extended().entrySet()) {
        if (lacks(entry.getValue(), node.freeExtended(entry.getKey()))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Tells whether the node's GPUs can serve the shape, all other resources left aside. */
  public static boolean fitsGpus(PodShape shape, NodeState node) {
    GpuRequest gpu = shape.gpu();
    if (gpu.isNone()) {
      return true;
    }
    if (!node.hasGpuResource(gpu.resource())) {
      return node.freeExtended(gpu.resource()) >= amountOf(gpu);
    }
    int found = 0;
    for (int i = 0; i < node.gpuCount() && found < gpu.count(); i++) {
      if (gpuFits(shape, node, i)) {
        found++;
      }
    }
    return found == gpu.count();
  }

  /** Tells whether one GPU can serve the shape's part on one GPU: room and model. */
  public static boolean gpuFits(PodShape shape, NodeState node, int device) {
    return node.gpuHasRoom(device, shape.gpu()) && shape.acceptsModel(node.gpuModel(device));
  }

  /** Returns every reason why the shape does not fit, empty where it does. */
  public static List<Shortage> shortages(PodShape shape, NodeState node) {
    if (node.node() == null) {
      return List.of(new Shortage.UnknownNode());
    }
    List<Shortage> shortages = new ArrayList<>();
    Resources request = shape.request();
    addIfLacking(shortages, "cpu", request.cpuMilli(), node.freeCpuMilli(), "milli-cores");
    addIfLacking(shortages, "memory", request.memoryBytes(), node.freeMemoryBytes(), "bytes");
    addIfLacking(
        shortages,
        "ephemeral-storage",
        request.ephemeralStorageBytes(),
        node.freeEphemeralStorageBytes(),
        "bytes");
    request
        .extended()
        .forEach(
            (resource, asked) ->
                addIfLacking(shortages, resource, asked, node.freeExtended(resource), "units"));
    addIfLacking(shortages, "pods", 1, node.freePods(), "pods");
    addGpuShortage(shortages, shape, node);
    return shortages;
  }

  private static void addGpuShortage(List<Shortage> shortages, PodShape shape, NodeState node) {
    GpuRequest gpu = shape.gpu();
    if (fitsGpus(shape, node)) {
      return;
    }
    if (!node.hasGpuResource(gpu.resource())) {
      shortages.add(
          new Shortage.Insufficient(
              gpu.resource(), amountOf(gpu), node.freeExtended(gpu.resource()), "units"));
      return;
    }
    boolean counted = gpu.isWhole() && !node.gpusVisible();
    long askedOfEach = gpu.isShare() ? gpu.unitsPerGpu() : counted ? 1 : GPU_MILLI;
    String unit = gpu.isShare() ? "units" : counted ? "GPUs" : "milli-GPU";
    TreeSet<String> models = new TreeSet<>();
    boolean accepted = false;
    long free = 0;
    long largestFree = 0;
    int enough = 0;
    for (int i = 0; i < node.gpuCount(); i++) {
      models.add(node.gpuModel(i));
      if (shape.acceptsModel(node.gpuModel(i))) {
        accepted = true;
        long freeHere =
            gpu.isShare()
                ? node.gpuFreeUnits(i)
                : counted ? (node.gpuIsFree(i) ? 1 : 0) : node.gpuFreeMilli(i);
        free += freeHere;
        largestFree = Math.max(largestFree, freeHere);
        enough += gpuFits(shape, node, i) ? 1 : 0;
      }
    }
    long asked = gpu.count() * askedOfEach;
    if (!accepted && !models.isEmpty()) {
      shortages.add(
          new Shortage.WrongGpuModel(List.copyOf(shape.gpuModels()), List.copyOf(models)));
    } else if (free < asked) {
      shortages.add(new Shortage.InsufficientGpu(gpu.resource(), asked, free, unit));
    } else {
      shortages.add(
          new Shortage.FragmentedGpu(
              gpu.resource(), gpu.count(), askedOfEach, enough, largestFree, unit));
    }
  }

  private static long amountOf(GpuRequest gpu) {
    return gpu.isShare() ? gpu.unitsPerGpu() : gpu.count();
  }

  private static boolean lacks(long asked, long free) {
    return asked > 0 && asked > free;
  }

  private static void addIfLacking(
      List<Shortage> shortages, String resource, long asked, long free, String unit) {
    if (lacks(asked, free)) {
      shortages.add(new Shortage.Insufficient(resource, asked, free, unit));
    }
  }
}
