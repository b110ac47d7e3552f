package io.stowage.extender.cli;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.policy.Policies;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.metrics.RoomMetrics;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.observe.Observation;
import io.stowage.extender.observe.RoomReport;
import io.stowage.extender.observe.WaitingPod;
import io.stowage.extender.page.PageAccess;
import io.stowage.extender.page.PageServer;
import io.stowage.extender.page.PageSettings;
import io.stowage.extender.page.StatePictures;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.HoldSettings;
import io.stowage.extender.state.StateLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The page and the metrics of a cluster that is observed: those of the service, by a state of their
 * own that decides nothing. What it shows is told by one thread.
 */
final class ObservedPage implements AutoCloseable {
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread created = new Thread(task, "stowage-state");
            created.setDaemon(true);
            return created;
          });
  private final ClusterLabels labels = new ClusterLabels();
  private final ServiceMetrics metrics = new ServiceMetrics();
  private final RoomMetrics roomMetrics = metrics.room();
  private final NodeReader nodeReader = new NodeReader(GpuResources.DEFAULT);
  private final PodReader podReader = new PodReader(GpuResources.DEFAULT);
  private final StateLoop loop;
  private final PageServer server;
  private Set<String> nodeNames = Set.of();
  private Set<String> podUids = Set.of();
  private volatile @Nullable RoomReport room;

  private ObservedPage(PageSettings settings) throws IOException {
    loop =
        new StateLoop(
            thread,
            new ClusterState(
                HoldSettings.DEFAULT,
                Policies.create("stowage", TypicalPods.of(Map.of())),
                new Random(1),
                System::nanoTime));
    try {
      server =
          PageServer.start(
              settings,
              new StatePictures(
                  loop,
                  metrics,
                  labels,
                  System::currentTimeMillis,
                  () -> Optional.ofNullable(room)),
              PageAccess.OPEN,
              null,
              metrics,
              this::scrape);
    } catch (IOException e) {
      metrics.close();
      thread.shutdownNow();
      throw e;
    }
  }

  /** Serves an empty cluster until the first {@link #show}; on loopback. */
  static ObservedPage serve(PageSettings settings) throws IOException {
    return new ObservedPage(settings);
  }

  private String scrape() {
    loop.call(
            state -> {
              metrics.update(
                  state.figures(),
                  state.waitingFigures(System.currentTimeMillis()),
                  state.isSynced());
              return state;
            })
        .join();
    return metrics.scrape();
  }

  /** Shows a cluster with what was observed; objects that cannot be read are left out. */
  void show(List<Node> nodes, List<Pod> pods, Observation observation) {
    List<io.stowage.core.cluster.Node> readNodes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Node node : nodes) {
      try {
        readNodes.add(nodeReader.read(node));
        names.add(node.getMetadata().getName());
        labels.putNode(node);
      } catch (InvalidObjectException e) {
        metrics.unreadableObject("nodes");
      }
    }
    List<ObservedPod> readPods = new ArrayList<>();
    Set<String> uids = new HashSet<>();
    for (Pod pod : pods) {
      try {
        ObservedPod read = podReader.read(pod);
        if (!read.ended()) {
          readPods.add(read);
          uids.add(read.pod().uid());
          labels.putPod(pod);
        }
      } catch (InvalidObjectException e) {
        metrics.unreadableObject("pods");
      }
    }
    Set<String> goneNodes = minus(nodeNames, names);
    Set<String> gonePods = minus(podUids, uids);
    goneNodes.forEach(labels::removeNode);
    gonePods.forEach(labels::removePod);
    StowagePlan plan = plan(observation);
    loop.call(
            state -> {
              gonePods.forEach(state::removePod);
              goneNodes.forEach(state::removeNode);
              readNodes.forEach(state::putNode);
              readPods.forEach(state::putPod);
              state.markSynced();
              state.adopt(plan);
              return state;
            })
        .join();
    nodeNames = names;
    podUids = uids;
    tell(observation);
  }

  private static Set<String> minus(Set<String> before, Set<String> now) {
    Set<String> gone = new HashSet<>(before);
    gone.removeAll(now);
    return gone;
  }

  /** Returns the places that the plan has for waiting pods. */
  private static StowagePlan plan(Observation observation) {
    Map<String, List<Slot>> slots = new HashMap<>();
    for (WaitingPod pod : observation.waiting()) {
      if (pod.outcome() instanceof WaitingPod.Fits fits) {
        slots
            .computeIfAbsent(fits.node(), node -> new ArrayList<>())
            .add(new Slot(pod.shape(), fits.node(), fits.gpuDevices(), true));
      }
    }
    return new StowagePlan(slots);
  }

  private void tell(Observation observation) {
    room = new RoomReport(observation.observedAt(), observation.roomWanted());
    Map<WaitingPod.NodeTypeName, Integer> wanted = new HashMap<>();
    observation.nodes().stream()
        .filter(Observation.NodeUse::counts)
        .forEach(node -> wanted.put(node.type(), 0));
    observation.roomWanted().nodesToAdd().forEach(kind -> wanted.put(kind.type(), kind.count()));
    List<RoomMetrics.Wanted> rows = new ArrayList<>();
    wanted.forEach(
        (kind, count) -> rows.add(new RoomMetrics.Wanted(kind.type(), kind.pool(), count)));
    roomMetrics.found(
        rows,
        observation.roomWanted().unplaceablePods(),
        observation.roomWanted().nodesToEmpty().size());
    double gpusPerPercent = observation.gpu().capacityMilli() / 1000.0 / 100;
    metrics.reach(
        observation.planGpuAllocationPercent() * gpusPerPercent,
        observation.boundGpuAllocationPercent() * gpusPerPercent);
  }

  /** Returns where a browser finds it. */
  String url() {
    return server.url("localhost");
  }

  @Override
  public void close() {
    server.close();
    thread.shutdownNow();
    metrics.close();
  }
}
