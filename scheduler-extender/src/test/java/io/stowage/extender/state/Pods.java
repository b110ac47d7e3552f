package io.stowage.extender.state;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.ObservedPod;
import java.util.List;

/** Pods and nodes of the state's tests. */
final class Pods {
  static final String SHARED = "aliyun.com/gpu-mem";

  private Pods() {}

  static Node node(String name, long cores, NodeGpus gpus) {
    return Node.ready(name, Resources.of(cores * 1000, 64L << 30), 110, gpus);
  }

  static NodeGpus cards(int count, long unitsPerGpu) {
    return NodeGpus.shared(SHARED, "T4", count, unitsPerGpu);
  }

  static Pod pod(String uid, long cores, GpuRequest gpu, int priority) {
    return new Pod(
        uid, "default", uid, PodShape.of(Resources.of(cores * 1000, 1 << 20), gpu), priority);
  }

  static ObservedPod cpuPod(String uid, long cores) {
    return ObservedPod.pending(pod(uid, cores, GpuRequest.NONE, 0));
  }

  static ObservedPod cpuPod(String uid, long cores, int priority) {
    return ObservedPod.pending(pod(uid, cores, GpuRequest.NONE, priority));
  }

  static ObservedPod sharePod(String uid, long units) {
    return sharePod(uid, units, 0);
  }

  static ObservedPod sharePod(String uid, long units, int priority) {
    return ObservedPod.pending(pod(uid, 1, GpuRequest.share(SHARED, units), priority));
  }

  /** A pod that runs on a node. */
  static ObservedPod bound(ObservedPod pod, String node, Integer... devices) {
    return assumed(pod, node, devices).with().deviceAssigned(true).build();
  }

  /** A pod that is bound to a node and not assigned its device yet. */
  static ObservedPod assumed(ObservedPod pod, String node, Integer... devices) {
    return pod.with().nodeName(node).gpuDevices(List.of(devices)).build();
  }
}
