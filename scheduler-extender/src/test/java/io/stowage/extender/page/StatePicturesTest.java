package io.stowage.extender.page;

import static io.stowage.extender.page.PageCluster.node;
import static io.stowage.extender.page.PageCluster.share;
import static io.stowage.extender.page.PageCluster.whole;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.core.cluster.Pod;
import io.stowage.core.fragmentation.StrandCause;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.extender.kube.NodeLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.page.NodePicture.Gpu;
import io.stowage.extender.page.NodePicture.OnNode;
import io.stowage.extender.page.NodePicture.PlannedSlot;
import io.stowage.extender.page.NodePicture.Standing;
import io.stowage.extender.state.WaitingFigures;
import io.stowage.extender.state.WaitingFigures.Ask;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatePicturesTest {
  private static final long GIB = 1L << 30;

  private final PageCluster cluster = new PageCluster();
  private final StatePictures pictures = cluster.pictures();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void nodeIsDrawnWithItsGpusPodsAndSlots() {
    NodeLabels labels = new NodeLabels("t4-pool", "zone-a", "n1-standard-64");
    cluster.labels().putNode("n1", labels);
    cluster.tell(state -> state.putNode(node("n1", 3)));
    cluster.bind(share("half", 4, 8), "n1", 1);
    cluster.bind(whole("one", 10, 1), "n1", 0);
    Pod waiting = whole("two", 2, 1);
    cluster.tell(
        state -> {
          state.markSynced();
          state.adopt(
              new StowagePlan(
                  Map.of("n1", List.of(new Slot(waiting.shape(), "n1", List.of(2), true)))));
        });
    assertThat(pictures.changes().nodes())
        .containsExactly(
            new NodePicture(
                "n1",
                labels,
                Standing.READY,
                64_000,
                50_000,
                256 * GIB,
                254 * GIB,
                true,
                List.of(
                    new Gpu("T4", true, 0, null),
                    new Gpu("T4", true, 500, null),
                    new Gpu("T4", true, 1000, null)),
                List.of(
                    new OnNode("team", "half", "", 0, 4_000, GIB, List.of(1), 500),
                    new OnNode("team", "one", "", 0, 10_000, GIB, List.of(0), 1000)),
                List.of(new PlannedSlot(List.of(2), 1000, 2_000, true))));
  }

  @Test
  void freeGpuThatNobodyCanUseIsMarkedWithItsCause() {
    cluster.tell(state -> state.putNode(node("n1", 2)));
    cluster.bind(whole("hungry", 60, 1), "n1", 0);
    cluster.bind(share("seen", 5, 4), "n1", 1); // 65 cores of 64: no CPU is left
    assertThat(pictures.changes().nodes().get(0).gpus().get(1).stranded()).isNull();
    Sample sample = pictures.sample();
    assertThat(pictures.changes().nodes())
        .as("what is stranded is known from the first figures on")
        .singleElement()
        .satisfies(
            node ->
                assertThat(node.gpus())
                    .containsExactly(
                        new Gpu("T4", true, 0, null),
                        new Gpu("T4", true, 750, StrandCause.NO_CPU)));
    assertThat(sample.gpuPercent()).isEqualTo(100 * 1.25 / 2, within(1e-9));
    assertThat(sample.strandedPercentByCause())
        .containsEntry(StrandCause.NO_CPU, 37.5)
        .containsEntry(StrandCause.NO_MEMORY, 0.0);
  }

  @Test
  void sampleHasTheBoundAndWhoWaitsByWhatTheyAskFor() {
    StatePictures bounded = cluster.picturesBoundedBy(Runnable::run);
    cluster.tell(state -> state.putNode(node("n1", 4)));
    cluster.bind(whole("one", 10, 1), "n1", 0);
    cluster.tell(
        state -> {
          state.markSynced();
          state.putPod(waiting(whole("old", 2, 1), 940_000));
          state.putPod(waiting(whole("new", 2, 1), 990_000));
          state.putPod(waiting(share("half", 2, 8), 970_000));
          state.putPod(waiting(whole("gated", 2, 1), 1).with().gated(true).build());
        });
    Sample sample = bounded.sample();
    assertThat(sample.boundGpuPercent())
        .as(
            "one GPU in use, two and a half asked for, of four, and 0.1 % since 16 units are rounded")
        .isEqualTo(87.6, within(1e-6));
    assertThat(sample.boundNote()).isEmpty();
    assertThat(sample.pendingPods()).isEqualTo(4);
    assertThat(sample.waiting().asking(Ask.ONE).pods()).isEqualTo(2);
    assertThat(sample.waiting().asking(Ask.ONE).oldestMillis()).isEqualTo(60_000);
    assertThat(sample.waiting().asking(Ask.SHARE).pods()).isEqualTo(1);
    assertThat(sample.waiting().asking(Ask.SEVERAL).pods()).isZero();
    assertThat(
            new String(PictureJson.whole(List.of(), PendingPicture.NONE, List.of(sample)), UTF_8))
        .contains(
            "\"boundGpuPercent\":87.6,\"pendingPods\":4,"
                + "\"waiting\":{\"share\":[1,30],\"one\":[2,60]}");
  }

  private static ObservedPod waiting(Pod pod, long createdEpochMillis) {
    return ObservedPod.pending(pod).with().creationEpochMillis(createdEpochMillis).build();
  }

  @Test
  void nodesThatTheBoundLookedAtAreStillDrawnAsChanged() {
    StatePictures bounded = cluster.picturesBoundedBy(Runnable::run);
    cluster.tell(state -> state.putNode(node("n1", 1)));
    bounded.sample();
    assertThat(bounded.changes().nodes()).extracting(NodePicture::name).containsExactly("n1");
    assertThat(bounded.changes().isEmpty()).isTrue();
  }

  @Test
  void onlyNodesThatChangedComeAgain() {
    cluster.tell(state -> List.of("n1", "n2", "n3").forEach(n -> state.putNode(node(n, 1))));
    assertThat(pictures.changes().nodes()).hasSize(3);
    assertThat(pictures.changes().isEmpty()).isTrue();
    cluster.bind(whole("a", 1, 1), "n2", 0);
    assertThat(pictures.changes().nodes()).extracting(NodePicture::name).containsExactly("n2");
  }

  @Test
  void nodeThatTakesThePlaceOfAnotherIsNew() {
    cluster.tell(state -> state.putNode(node("n1", 1)));
    pictures.changes();
    cluster.tell(
        state -> {
          state.removeNode("n1");
          state.putNode(node("n2", 1));
        });
    PictureChange change = pictures.changes();
    assertThat(change.goneNodes()).containsExactly("n1");
    assertThat(change.nodes()).extracting(NodePicture::name).containsExactly("n2");
  }

  @Test
  void waitingPodsHaveTheirReasonAndTheirSlot() {
    cluster.tell(state -> state.putNode(node("n1", 2)));
    cluster.tell(state -> state.putNode(node("n2", 2)));
    cluster.bind(whole("a", 1, 2), "n1", 0, 1);
    cluster.bind(share("b", 1, 12), "n2", 0);
    cluster.bind(share("c", 1, 12), "n2", 1);
    Pod half = share("half", 1, 8);
    cluster.tell(state -> state.putPod(ObservedPod.pending(half)));
    PendingPicture pending = Objects.requireNonNull(pictures.changes().pending());
    assertThat(pending.count()).isEqualTo(1);
    PendingPod pod = pending.first().get(0);
    assertThat(pod.asks()).isEqualTo("8 of 16 of a GPU, 1 core, 1 GiB");
    assertThat(pod.reason())
        .isEqualTo("1 node has too little GPU left; 1 has enough in total but no single GPU");
    assertThat(pod.room()).isEqualTo("it would fit on n2 if team/b ended");
    cluster.tell(state -> state.removePod("uid-half"));
    assertThat(pictures.changes().pending()).isEqualTo(PendingPicture.NONE);
  }

  @Test
  void fiveThousandNodesAreCopiedInSmallParts() {
    try (PageCluster large = new PageCluster("best-fit")) {
      int pods = large.fill(5_000, 40_000);
      StatePictures looked = large.pictures();
      assertThat(looked.changes().nodes()).hasSize(5_000);
      PageCluster.Work first = large.takeWork();
      assertThat(first.tasks()).as("20 of 250 nodes each, one for what waits").isEqualTo(21);
      large.tell(
          state -> {
            for (int i = 0; i < 20; i++) {
              state.putPod(
                  ObservedPod.bound(
                      share("late-" + i, 1, 1), "node-0%04d".formatted(i), List.of()));
            }
          });
      large.takeWork();
      assertThat(looked.changes().nodes()).hasSize(20);
      PageCluster.Work next = large.takeWork();
      assertThat(next.tasks()).isEqualTo(2);
      System.out.printf(
          "5,000 nodes, %,d pods: on the event loop the first picture takes %.1f ms in %d tasks,"
              + " the longest %.2f ms; 20 changed nodes take %.2f ms%n",
          pods, first.busyMillis(), first.tasks(), first.longestMillis(), next.busyMillis());
    }
  }

  @Test
  void boundOfFiveThousandNodesIsAboveWhatIsAllocated() {
    try (PageCluster large = new PageCluster("best-fit")) {
      int pods = large.fill(5_000, 40_000);
      long[] cpuNanos = new long[2];
      StatePictures bounded =
          large.picturesBoundedBy(
              task -> {
                cpuNanos[0] = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                task.run();
                cpuNanos[1] = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
              });
      Sample sample = bounded.sample();
      System.out.printf(
          "5,000 nodes, %,d pods: the bound takes %.1f s of processor time; %.3f %%, allocated"
              + " %.3f %% %s%n",
          pods,
          (cpuNanos[1] - cpuNanos[0]) / 1e9,
          sample.boundGpuPercent(),
          sample.gpuPercent(),
          sample.boundNote());
      if (sample.boundNote().isEmpty()) { // else the machine was too busy
        assertThat(sample.boundGpuPercent()).isBetween(sample.gpuPercent(), 100.0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void changesAddUpToThePictureOfWhoBeginsNow(long seed) {
    Random random = new Random(seed);
    Map<String, NodePicture> kept = new TreeMap<>();
    for (int round = 0; round < 60; round++) {
      int events = random.nextInt(8);
      for (int i = 0; i < events; i++) {
        String name = "n" + random.nextInt(12);
        String pod = "p" + random.nextInt(30);
        int kind = random.nextInt(6);
        if (kind == 0) {
          cluster.tell(state -> state.removeNode(name));
        } else if (kind == 1) {
          cluster.tell(state -> state.putNode(node(name, 1 + random.nextInt(4))));
        } else if (kind == 2) {
          cluster.tell(state -> state.removePod("uid-" + pod));
        } else {
          cluster.bind(share(pod + "-" + round + i, 1, 1 + random.nextInt(16)), name, 0);
        }
      }
      PictureChange change = pictures.changes();
      change.goneNodes().forEach(kept::remove);
      change.nodes().forEach(node -> kept.put(node.name(), node));
      Map<String, NodePicture> anew = new HashMap<>();
      cluster.pictures().changes().nodes().forEach(node -> anew.put(node.name(), node));
      assertThat(kept).as("seed %d, round %d", seed, round).isEqualTo(anew);
    }
  }

  @Test
  void seriesForgetsTheOldest() {
    TimeSeries series = new TimeSeries(2);
    Sample sample = pictures.sample();
    for (int i = 0; i < 3; i++) {
      series.add(
          new Sample(
              i, 0, 0, 0, 0, Map.of(), 0, "", 0, WaitingFigures.NONE, 0, Double.NaN, Double.NaN));
    }
    assertThat(series.samples()).extracting(Sample::epochMillis).containsExactly(1L, 2L);
    assertThat(sample.decisionsPerSecond()).isZero();
  }
}
