package io.stowage.extender.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Watches where every pod goes, and notes each that is on one node or card first, then another. */
final class Placements implements AutoCloseable {
  private final SharedIndexInformer<Pod> informer;
  private final Map<String, String> placeByUid = new ConcurrentHashMap<>();
  private final Set<String> undecidedUids = ConcurrentHashMap.newKeySet();
  private final List<String> changes = new CopyOnWriteArrayList<>();

  Placements(KubernetesClient client) {
    informer =
        client
            .pods()
            .inNamespace("default")
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(Pod pod) {
                    note(pod);
                  }

                  @Override
                  public void onUpdate(Pod before, Pod pod) {
                    note(pod);
                  }

                  @Override
                  public void onDelete(Pod pod, boolean finalStateUnknown) {
                    note(pod);
                    undecidedUids.remove(pod.getMetadata().getUid());
                  }
                });
  }

  private void note(Pod pod) {
    boolean bound = ClusterSnapshot.isBound(pod);
    if (bound || Pods.whyPending(pod).isPresent()) {
      undecidedUids.remove(pod.getMetadata().getUid());
    } else {
      undecidedUids.add(pod.getMetadata().getUid());
    }
    if (!bound) {
      return;
    }
    Map<String, String> annotations = pod.getMetadata().getAnnotations();
    String card = annotations == null ? null : annotations.get("ALIYUN_COM_GPU_MEM_IDX");
    String place = pod.getSpec().getNodeName() + " card " + card;
    String before = placeByUid.putIfAbsent(pod.getMetadata().getUid(), place);
    if (before != null && !before.equals(place)) {
      changes.add("%s: %s, then %s".formatted(pod.getMetadata().getName(), before, place));
    }
  }

  /** Returns how many pods have been on a node so far. */
  int count() {
    return placeByUid.size();
  }

  /** Returns how many pods there are that are on no node and were not found unschedulable. */
  int undecided() {
    return undecidedUids.size();
  }

  /** Returns a line for each pod that was not where it had been. */
  List<String> changes() {
    return List.copyOf(changes);
  }

  @Override
  public void close() {
    informer.close();
  }
}
