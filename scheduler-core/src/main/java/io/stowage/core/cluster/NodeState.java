package io.stowage.core.cluster;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is placed on one node and what is left of it.
 *
 * <p>Free room is never negative: where pods ask for more than a node says it has (allocatable is 0
 * for a while after a kubelet restart, a device turned unhealthy), free is 0. A pod may be placed
 * before its node is known; the node then has no room. Written by the cluster's one writer, read on
 * the same thread.
 *
 * <p>GPUs without visible devices are kept as anonymous devices: a placement takes whichever are
 * free, and all are dealt out anew when the node changes, so that only their count matters.
 */
public final class NodeState {
  private static final int[] NO_DEVICES = {};

  private final String name;
  private final int slot;
  private long version;
  private @Nullable Node node;

  private final Map<String, Holding> holdings = new LinkedHashMap<>();
  private long requestedCpuMilli;
  private long requestedMemoryBytes;
  private long requestedEphemeralStorageBytes;
  private final Map<String, Long> requestedExtended = new HashMap<>();

  private long[] gpuCapacityUnits = {};
  private long[] gpuRequestedUnits = {};

  /** Whole GPUs asked for beyond those that the node has. */
  private int missingGpus;

  /** A placement with the devices that it holds here. */
  private static final class Holding {
    private final Placement placement;
    private final int[] devices;
    private final int missingGpus;

    private Holding(Placement placement, int[] devices, int missingGpus) {
      this.placement = placement;
      this.devices = devices;
      this.missingGpus = missingGpus;
    }
  }

  NodeState(String name, int slot, long version) {
    this.name = name;
    this.slot = slot;
    this.version = version;
  }

  void setNode(@Nullable Node node, long version) {
    this.node = node;
    this.version = version;
    NodeGpus gpus = node == null ? NodeGpus.NONE : node.gpus();
    gpuCapacityUnits = gpus.devices().stream().mapToLong(GpuDevice::capacityUnits).toArray();
    gpuRequestedUnits = new long[gpuCapacityUnits.length];
    Map<String, Holding> before = new LinkedHashMap<>(holdings);
    holdings.clear();
    requestedCpuMilli = 0;
    requestedMemoryBytes = 0;
    requestedEphemeralStorageBytes = 0;
    requestedExtended.clear();
    missingGpus = 0;
    before.values().forEach(holding -> add(holding.placement, version));
  }

  void add(Placement placement, long version) {
    this.version = version;
    PodShape shape = placement.pod().shape();
    count(shape, 1);
    Holding holding = takeGpus(placement);
    missingGpus += holding.missingGpus;
    holdings.put(placement.pod().uid(), holding);
  }

  void remove(String uid, long version) {
    Holding holding = holdings.remove(uid);
    if (holding == null) {
      throw new IllegalStateException("pod " + uid + " is not on node " + name);
    }
    this.version = version;
    PodShape shape = holding.placement.pod().shape();
    count(shape, -1);
    missingGpus -= holding.missingGpus;
    for (int device : holding.devices) {
      gpuRequestedUnits[device] -= shape.gpu().unitsOf(gpuCapacityUnits[device]);
    }
    if (missingGpus > 0) {
      setNode(node, version);
    }
  }

  private void count(PodShape shape, int sign) {
    Resources request = shape.request();
    requestedCpuMilli += sign * request.cpuMilli();
    requestedMemoryBytes += sign * request.memoryBytes();
    requestedEphemeralStorageBytes += sign * request.ephemeralStorageBytes();
    if (!request.extended().isEmpty()) {
      request
          .extended()
          .forEach(
              (resource, amount) -> requestedExtended.merge(resource, sign * amount, Long::sum));
    }
    GpuRequest gpu = shape.gpu();
    if (!gpu.isNone() && !hasGpuResource(gpu.resource())) {
      long amount = gpu.isShare() ? gpu.unitsPerGpu() : gpu.count();
      requestedExtended.merge(gpu.resource(), sign * amount, Long::sum);
    }
  }

  private Holding takeGpus(Placement placement) {
    GpuRequest gpu = placement.pod().shape().gpu();
    if (gpu.isNone() || !hasGpuResource(gpu.resource())) {
      return new Holding(placement, NO_DEVICES, 0);
    }
    int[] devices =
        placement.gpuDevices().stream()
            .mapToInt(Integer::intValue)
            .filter(device -> device < gpuCapacityUnits.length)
            .toArray();
    if (devices.length == 0) {
      devices = firstWithRoom(gpu);
    }
    for (int device : devices) {
      gpuRequestedUnits[device] += gpu.unitsOf(gpuCapacityUnits[device]);
    }
    return new Holding(placement, devices, gpu.isWhole() ? gpu.count() - devices.length : 0);
  }

  private int[] firstWithRoom(GpuRequest gpu) {
    int[] devices = new int[gpu.count()];
    int found = 0;
    for (int i = 0; i < gpuCapacityUnits.length && found < gpu.count(); i++) {
      if (gpuHasRoom(i, gpu)) {
        devices[found++] = i;
      }
    }
    return Arrays.copyOf(devices, found);
  }

  /** Returns the node's name. */
  public String name() {
    return name;
  }

  /** Returns the node's place in the cluster's arrays; reused after the node is gone. */
  public int slot() {
    return slot;
  }

  /** Returns a number that changes, cluster-wide uniquely, with every change of this node. */
  public long version() {
    return version;
  }

  /** Returns the node itself, null while only its pods are known. */
  public @Nullable Node node() {
    return node;
  }

  /** Tells whether this node advertises GPUs as the given resource. */
  public boolean hasGpuResource(String resource) {
    return node != null && node.gpus().resource().equals(resource);
  }

  /** Returns the pods placed here, oldest placement first. */
  public Collection<Placement> placements() {
    return Collections.unmodifiableCollection(
        holdings.values().stream().map(holding -> holding.placement).toList());
  }

  /** Returns how many pods are placed here. */
  public int podCount() {
    return holdings.size();
  }

  /** Returns the indices of the GPUs that a pod holds here, anonymous ones included. */
  public int[] gpuDevices(String uid) {
    Holding holding = holdings.get(uid);
    return holding == null ? NO_DEVICES : holding.devices.clone();
  }

  /** Returns the CPU that pods ask for, in milli-cores. */
  public long requestedCpuMilli() {
    return requestedCpuMilli;
  }

  /** Returns the memory that pods ask for, in bytes. */
  public long requestedMemoryBytes() {
    return requestedMemoryBytes;
  }

  /** Returns the CPU left, in milli-cores, at least 0. */
  public long freeCpuMilli() {
    return node == null ? 0 : Math.max(0, node.allocatable().cpuMilli() - requestedCpuMilli);
  }

  /** Returns the memory left, in bytes, at least 0. */
  public long freeMemoryBytes() {
    return node == null ? 0 : Math.max(0, node.allocatable().memoryBytes() - requestedMemoryBytes);
  }

  /** Returns the ephemeral storage left, in bytes, at least 0. */
  public long freeEphemeralStorageBytes() {
    return node == null
        ? 0
        : Math.max(0, node.allocatable().ephemeralStorageBytes() - requestedEphemeralStorageBytes);
  }

  /** Returns how many more pods the node takes, at least 0. */
  public int freePods() {
    return node == null ? 0 : Math.max(0, node.podCapacity() - holdings.size());
  }

  /** Returns what is left of an extended resource, at least 0. */
  public long freeExtended(String resource) {
    return node == null
        ? 0
        : Math.max(
            0,
            node.allocatable().extended(resource) - requestedExtended.getOrDefault(resource, 0L));
  }

  /** Tells whether placements name the GPUs that pods hold here. */
  public boolean gpusVisible() {
    return node != null && node.gpus().visible();
  }

  /** Returns how many GPUs the node has, unhealthy ones included. */
  public int gpuCount() {
    return gpuCapacityUnits.length;
  }

  /** Returns the model of a GPU. */
  public String gpuModel(int device) {
    return node == null ? "" : node.gpus().devices().get(device).model();
  }

  /** Returns what a GPU can hold, in the sharing protocol's unit. */
  public long gpuCapacityUnits(int device) {
    return gpuCapacityUnits[device];
  }

  /** Returns what is left of a GPU, in the sharing protocol's unit, at least 0. */
  public long gpuFreeUnits(int device) {
    return Math.max(0, gpuCapacityUnits[device] - gpuRequestedUnits[device]);
  }

  /** Returns what is left of a GPU, in milli-GPU (1000 = all of it), rounded down. */
  public long gpuFreeMilli(int device) {
    long capacity = gpuCapacityUnits[device];
    return capacity == 0 ? 0 : gpuFreeUnits(device) * 1000 / capacity;
  }

  /** Returns the sum of what is left of all GPUs, in milli-GPU. */
  public long freeGpuMilli() {
    long sum = 0;
    for (int i = 0; i < gpuCapacityUnits.length; i++) {
      sum += gpuFreeMilli(i);
    }
    return sum;
  }

  /** Returns the milli-GPU of all healthy GPUs. */
  public long gpuCapacityMilli() {
    long sum = 0;
    for (long capacity : gpuCapacityUnits) {
      sum += capacity == 0 ? 0 : 1000;
    }
    return sum;
  }

  /** Tells whether nothing of a healthy GPU is taken. */
  public boolean gpuIsFree(int device) {
    return gpuRequestedUnits[device] == 0 && gpuCapacityUnits[device] > 0 && !gpusAreShort();
  }

  /** Tells whether pods hold more whole GPUs than the node says it has. */
  public boolean gpusAreShort() {
    return missingGpus > 0;
  }

  /** Tells whether a GPU has room for the request's part on one GPU, its model left aside. */
  public boolean gpuHasRoom(int device, GpuRequest gpu) {
    return gpu.isWhole() ? gpuIsFree(device) : gpuFreeUnits(device) >= gpu.unitsPerGpu();
  }

  @Override
  public String toString() {
    return name
        + "[cpu "
        + freeCpuMilli()
        + "m, memory "
        + freeMemoryBytes()
        + ", gpu "
        + freeGpuMilli()
        + "m free, pods "
        + holdings.size()
        + "]";
  }
}
