package io.stowage.extender.kube;

import io.stowage.core.cluster.Pod;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod as the API server describes it.
 *
 * @param pod what a scheduler needs to know of it
 * @param nodeName the node it is bound to, empty while it is bound to none
 * @param gpuDevices the GPUs written on it, empty where none are
 * @param deviceAssigned whether the device plugin is done with it: it says that the device is
 *     assigned, or the pod has left the phase in which it looks for one
 * @param assumeEpochNanos when its device was decided, as written on it, in nanoseconds since 1970;
 *     0 where nothing is written
 * @param epoch the epoch of the Stowage that bound it; -1 where none is written
 * @param ended whether it succeeded or failed and so holds no room; one that is being deleted still
 *     does
 * @param prefersNodes whether it brings soft preferences of its own: preferred node or pod
 *     affinity, or spreading with ScheduleAnyway
 * @param claimNames the volume claims it uses, those made from its own templates included
 * @param gated whether scheduling gates keep it from being scheduled
 * @param schedulerName the scheduler that it asks for
 * @param resourceVersion the API server's version of it, 0 where that is not known
 * @param creationEpochMillis when it was created, in milliseconds since 1970, 0 where that is not
 *     known
 * @param ownerUid the UID of the controller that made it and would make another in its stead, empty
 *     where it has none
 * @param revision the version of its workload that it belongs to, null where that is not known
 * @param nominee what matters to who would nominate a node for it
 */
public record ObservedPod(
    Pod pod,
    String nodeName,
    List<Integer> gpuDevices,
    boolean deviceAssigned,
    long assumeEpochNanos,
    long epoch,
    boolean ended,
    boolean prefersNodes,
    List<String> claimNames,
    boolean gated,
    String schedulerName,
    long resourceVersion,
    long creationEpochMillis,
    String ownerUid,
    @Nullable WorkloadRevision revision,
    Nominee nominee) {

  /** What {@link #epoch} is where none is written. */
  public static final long NO_EPOCH = -1;

  /** Copies {@code gpuDevices} and {@code claimNames}. */
  public ObservedPod {
    gpuDevices = List.copyOf(gpuDevices);
    claimNames = List.copyOf(claimNames);
  }

  /** Returns a pod that waits to be bound, of which nothing else is known. */
  public static ObservedPod pending(Pod pod) {
    return new Builder(pod).build();
  }

  /** Returns a pod bound to a node, its devices not yet assigned; they may be none. */
  public static ObservedPod bound(Pod pod, String nodeName, List<Integer> gpuDevices) {
    return new Builder(pod).nodeName(nodeName).gpuDevices(gpuDevices).build();
  }

  /** Returns what builds a pod that differs from this one. */
  public Builder with() {
    return new Builder(this);
  }

  /** Tells whether it is bound to a node. */
  public boolean isBound() {
    return !nodeName.isEmpty();
  }

  /** Tells whether binding its volume claims may delay its own binding. */
  public boolean usesVolumeClaims() {
    return !claimNames.isEmpty();
  }

  /** Builds an observed pod; what is not set is as for {@link #pending}. */
  public static final class Builder {
    private final Pod pod;
    private String nodeName = "";
    private List<Integer> gpuDevices = List.of();
    private boolean deviceAssigned;
    private long assumeEpochNanos;
    private long epoch = NO_EPOCH;
    private boolean ended;
    private boolean prefersNodes;
    private List<String> claimNames = List.of();
    private boolean gated;
    private String schedulerName = "";
    private long resourceVersion;
    private long creationEpochMillis;
    private String ownerUid = "";
    private @Nullable WorkloadRevision revision;
    private Nominee nominee = Nominee.CLOSED;

    /** Starts with a pod that waits to be bound. */
    public Builder(Pod pod) {
      this.pod = pod;
    }

    private Builder(ObservedPod from) {
      this(from.pod);
      nodeName = from.nodeName;
      gpuDevices = from.gpuDevices;
      deviceAssigned = from.deviceAssigned;
      assumeEpochNanos = from.assumeEpochNanos;
      epoch = from.epoch;
      ended = from.ended;
      prefersNodes = from.prefersNodes;
      claimNames = from.claimNames;
      gated = from.gated;
      schedulerName = from.schedulerName;
      resourceVersion = from.resourceVersion;
      creationEpochMillis = from.creationEpochMillis;
      ownerUid = from.ownerUid;
      revision = from.revision;
      nominee = from.nominee;
    }

    /** Sets {@link ObservedPod#nodeName}. */
    public Builder nodeName(String nodeName) {
      this.nodeName = nodeName;
      return this;
    }

    /** Sets {@link ObservedPod#gpuDevices}. */
    public Builder gpuDevices(List<Integer> gpuDevices) {
      this.gpuDevices = gpuDevices;
      return this;
    }

    /** Sets {@link ObservedPod#deviceAssigned}. */
    public Builder deviceAssigned(boolean deviceAssigned) {
      this.deviceAssigned = deviceAssigned;
      return this;
    }

    /** Sets {@link ObservedPod#assumeEpochNanos}. */
    public Builder assumeEpochNanos(long assumeEpochNanos) {
      this.assumeEpochNanos = assumeEpochNanos;
      return this;
    }

    /** Sets {@link ObservedPod#epoch}. */
    public Builder epoch(long epoch) {
      this.epoch = epoch;
      return this;
    }

    /** Sets {@link ObservedPod#ended}. */
    public Builder ended(boolean ended) {
      this.ended = ended;
      return this;
    }

    /** Sets {@link ObservedPod#prefersNodes}. */
    public Builder prefersNodes(boolean prefersNodes) {
      this.prefersNodes = prefersNodes;
      return this;
    }

    /** Sets {@link ObservedPod#claimNames}. */
    public Builder claimNames(List<String> claimNames) {
      this.claimNames = claimNames;
      return this;
    }

    /** Sets {@link ObservedPod#gated}. */
    public Builder gated(boolean gated) {
      this.gated = gated;
      return this;
    }

    /** Sets {@link ObservedPod#schedulerName}. */
    public Builder schedulerName(String schedulerName) {
      this.schedulerName = schedulerName;
      return this;
    }

    /** Sets {@link ObservedPod#resourceVersion}. */
    public Builder resourceVersion(long resourceVersion) {
      this.resourceVersion = resourceVersion;
      return this;
    }

    /** Sets {@link ObservedPod#creationEpochMillis}. */
    public Builder creationEpochMillis(long creationEpochMillis) {
      this.creationEpochMillis = creationEpochMillis;
      return this;
    }

    /** Sets {@link ObservedPod#ownerUid}. */
    public Builder ownerUid(String ownerUid) {
      this.ownerUid = ownerUid;
      return this;
    }

    /** Sets {@link ObservedPod#revision}. */
    public Builder revision(@Nullable WorkloadRevision revision) {
      this.revision = revision;
      return this;
    }

    /** Sets {@link ObservedPod#nominee}. */
    public Builder nominee(Nominee nominee) {
      this.nominee = nominee;
      return this;
    }

    /** Returns the pod. */
    public ObservedPod build() {
      return new ObservedPod(
          pod,
          nodeName,
          gpuDevices,
          deviceAssigned,
          assumeEpochNanos,
          epoch,
          ended,
          prefersNodes,
          claimNames,
          gated,
          schedulerName,
          resourceVersion,
          creationEpochMillis,
          ownerUid,
          revision,
          nominee);
    }
  }
}
