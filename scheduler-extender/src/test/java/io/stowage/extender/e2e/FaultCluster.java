package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A served cluster of whole GPUs and shared ones in which Stowage reaches the API server through a
 * {@link FaultyApi} and kube-scheduler reaches Stowage through a {@link RecordingProxy}.
 */
final class FaultCluster implements AutoCloseable {
  static final int UNITS_PER_CARD = 16;
  private static final int NODES_OF_EACH = 10;
  private static final int MOST_UNDECIDED = 300;

  private final ControlPlane controlPlane;
  private final FaultyApi api;
  private final ServedCluster served;
  private final Placements placements;

  /** Starts it with ten nodes of each kind: too few for the load, so that pods wait. */
  FaultCluster(String name) {
    this(name, NODES_OF_EACH);
  }

  /** Starts it with nodes whole-00… of four or eight GPUs, and share-00… of one or two cards. */
  FaultCluster(String name, int nodesOfEach) {
    List<String> whole = new ArrayList<>();
    List<String> share = new ArrayList<>();
    for (int i = 0; i < nodesOfEach; i++) {
      whole.add(NodeLists.node("whole-%02d".formatted(i), i % 3 == 0 ? 8 : 4));
      share.add(shareNode(i));
    }
    controlPlane = ControlPlane.start(name, NodeLists.write(name, whole));
    createShareNodes(share);
    api = new FaultyApi(controlPlane.kubeconfig("stowage"));
    served =
        new ServedCluster(
            controlPlane,
            api.kubeconfig(),
            "--config",
            write(
                    name,
                    "holdSeconds: 3\ndecisions: {directory: %s}\n"
                        .formatted(decisionsDirectory(name)))
                .toString());
    placements = new Placements(controlPlane.admin());
  }

  private static String shareNode(int index) {
    return NodeLists.node("share-%02d".formatted(index), index % 2 == 0 ? 1 : 2);
  }

  private void createShareNodes(List<String> nodes) {
    controlPlane.createNodes(
        NodeLists.write("share-nodes", nodes), NodeLists.asShares(UNITS_PER_CARD));
  }

  /** Brings a node of shared GPUs back that was deleted. */
  void createShareNode(int index) {
    createShareNodes(List.of(shareNode(index)));
  }

  private static Path decisionsDirectory(String name) {
    return ControlPlane.directory().resolve(name + "-decisions");
  }

  /** Returns the log of decisions that the Stowage of a cluster has begun last. */
  static Path decisions(String name) {
    try (Stream<Path> logs = Files.list(decisionsDirectory(name))) {
      return logs.max(Comparator.naturalOrder()).orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path write(String name, String settings) {
    Path file = ControlPlane.directory().resolve(name + "-stowage.yaml");
    try {
      Files.writeString(file, settings, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  ControlPlane controlPlane() {
    return controlPlane;
  }

  KubernetesClient admin() {
    return controlPlane.admin();
  }

  FaultyApi api() {
    return api;
  }

  ServedCluster served() {
    return served;
  }

  RecordingProxy proxy() {
    return served.proxy();
  }

  Placements placements() {
    return placements;
  }

  /** Returns a load, of a printed seed, that pauses while very many of its pods are undecided. */
  Load load(String prefix, long seed) {
    return new Load(controlPlane, prefix, seed).pausingAt(MOST_UNDECIDED, placements::undecided);
  }

  /** Waits until so many further pods have been on a node. */
  void awaitPlaced(int more) {
    int count = placements.count() + more;
    await(count + " pods to have been on a node").until(() -> placements.count() >= count);
  }

  /** See {@link FinalCheck}. */
  ClusterSnapshot assertNothingIsLost() {
    ClusterSnapshot end =
        FinalCheck.assertNothingIsLost(controlPlane, served.stowage(), served.stowages());
    assertThat(placements.changes()).as("pods that were in two places").isEmpty();
    System.out.printf(
        "nothing is lost: %d pods have been on a node, now %d are on nodes and %d wait%n",
        placements.count(), end.boundPods().size(), end.pendingPods().size());
    return end;
  }

  /** Ends every fault and deletes all pods. */
  void clear() {
    api.noFaults();
    proxy().before(null);
    proxy().after(null);
    served.clear();
  }

  @Override
  public void close() {
    placements.close();
    served.close();
    api.close();
  }
}
