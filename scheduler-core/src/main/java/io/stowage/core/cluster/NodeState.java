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
 * <p>A pod holds the GPUs that its placement names. One whose devices are not known, or not all of
 * them, takes the first GPUs with room that are left, in order of placement; where none has room,
 * those with most left, so that nothing held is ever offered again. On a node without visible
 * devices all are taken so, and only their count matters. These guesses are made anew with every
 * change of the node's GPUs.
 */
public final class NodeState {
  private static final int[] NO_DEVICES = {};

  private final String name;
  private final int slot;
  private long version;
  private @Nullable Node node;

  private final Map<String, Holding> holdings = new LinkedHashMap<>();
  private int podsOfSeveralGpus;
  private long requestedCpuMilli;
  private long requestedMemoryBytes;
  private long requestedEphemeralStorageBytes;
  private final Map<String, Long> requestedExtended = new HashMap<>();

  private long[] gpuCapacityUnits = {};
  private long[] gpuRequestedUnits = {};

  /** How many pods hold GPUs that their placements do not name. */
  private int guesses;

  /** A placement with the devices that it holds here. */
  private static final class Holding {
    private final Placement placement;
    private int[] devices = NO_DEVICES;

    private Holding(Placement placement) {
      this.placement = placement;
    }

    private GpuRequest gpu() {
      return placement.pod().shape().gpu();
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
    requestedCpuMilli = 0;
    requestedMemoryBytes = 0;
    requestedEphemeralStorageBytes = 0;
    requestedExtended.clear();
    podsOfSeveralGpus = 0;
    holdings.values().forEach(holding -> count(holding.placement.pod().shape(), 1));
    dealGpus();
  }

  void add(Placement placement, long version) {
    this.version = version;
    Holding holding = new Holding(placement);
    holdings.put(placement.pod().uid(), holding);
    count(placement.pod().shape(), 1);
    if (holdsGpus(holding)) {
      holding.devices = namedDevices(placement);
      if (guesses > 0 || holding.devices.length < holding.gpu().count()) {
        dealGpus();
      } else {
        charge(holding, 0, 1);
      }
    }
  }

  void remove(String uid, long version) {
    Holding holding = holdings.remove(uid);
    if (holding == null) {
      throw new IllegalStateException("pod " + uid + " is not on node " + name);
    }
    this.version = version;
    count(holding.placement.pod().shape(), -1);
    if (holdsGpus(holding)) {
      if (guesses > 0) {
        dealGpus();
      } else {
        charge(holding, 0, -1);
      }
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
    podsOfSeveralGpus += gpu.isWhole() && gpu.count() > 1 ? sign : 0;
    if (!gpu.isNone() && !hasGpuResource(gpu.resource())) {
      long amount = gpu.isShare() ? gpu.unitsPerGpu() : gpu.count();
      requestedExtended.merge(gpu.resource(), sign * amount, Long::sum);
    }
  }

  private boolean holdsGpus(Holding holding) {
    return !holding.gpu().isNone() && hasGpuResource(holding.gpu().resource());
  }

  /** Gives all pods their GPUs anew: first those that name theirs, then the others what is left. */
  private void dealGpus() {
    Arrays.fill(gpuRequestedUnits, 0);
    guesses = 0;
    for (Holding holding : holdings.values()) {
      holding.devices = holdsGpus(holding) ? namedDevices(holding.placement) : NO_DEVICES;
      charge(holding, 0, 1);
    }
    for (Holding holding : holdings.values()) {
      if (holdsGpus(holding) && holding.devices.length < holding.gpu().count()) {
        guesses++;
        guessDevices(holding);
      }
    }
  }

  private int[] namedDevices(Placement placement) {
    return gpusVisible()
        ? placement.gpuDevices().stream()
            .mapToInt(Integer::intValue)
            .filter(device -> device >= 0 && device < gpuCapacityUnits.length)
            .distinct()
            .limit(placement.pod().shape().gpu().count())
            .toArray()
        : NO_DEVICES;
  }

  private void guessDevices(Holding holding) {
    int named = holding.devices.length;
    int count = Math.min(holding.gpu().count(), gpuCapacityUnits.length);
    holding.devices = Arrays.copyOf(holding.devices, count);
    boolean[] held = new boolean[gpuCapacityUnits.length];
    for (int i = 0; i < count; i++) {
      if (i >= named) {
        holding.devices[i] = roomiest(holding.gpu(), held);
      }
      held[holding.devices[i]] = true;
    }
    charge(holding, named, 1);
  }

  /** Returns the first GPU with room for the request, else the one with most left. */
  private int roomiest(GpuRequest gpu, boolean[] held) {
    int most = -1;
    for (int i = 0; i < gpuCapacityUnits.length; i++) {
      if (!held[i]) {
        if (gpuHasRoom(i, gpu)) {
          return i;
        }
        if (most < 0 || gpuFreeUnits(i) > gpuFreeUnits(most)) {
          most = i;
        }
      }
    }
    return most;
  }

  private void charge(Holding holding, int from, int sign) {
    for (int i = from; i < holding.devices.length; i++) {
      int device = holding.devices[i];
      gpuRequestedUnits[device] += sign * holding.gpu().unitsOf(gpuCapacityUnits[device]);
    }
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

  /**
   * Returns the shape of the oldest pod here that asks for so many whole GPUs, null where none
   * does.
   *
   * @param gpus at least 2
   */
  public @Nullable PodShape firstOfGpus(int gpus) {
    if (podsOfSeveralGpus == 0) {
      return null;
    }
    for (Holding holding : holdings.values()) {
      PodShape shape = holding.placement.pod().shape();
      if (shape.gpu().isWhole() && shape.gpu().count() == gpus) {
        return shape;
      }
    }
    return null;
  }

  /** Returns how many pods are placed here. */
  public int podCount() {
    return holdings.size();
  }

  /** Returns the indices of the GPUs that a pod holds here, guessed ones included. */
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
    return gpuRequestedUnits[device] == 0 && gpuCapacityUnits[device] > 0;
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
