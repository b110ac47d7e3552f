package io.stowage.extender.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.stowage.extender.audit.Finding.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In random clusters that are clean but for planted faults, exactly those are found. */
class ClusterAuditRandomTest {
  private static final int CLUSTERS = 400;

  /** A cluster that knows what was put into it. */
  private static final class PlantedCluster {
    private final Random random;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Pod> pods = new ArrayList<>();
    private final TreeSet<String> planted = new TreeSet<>();
    private int names;

    PlantedCluster(Random random) {
      this.random = random;
      int count = 1 + random.nextInt(8);
      for (int i = 0; i < count; i++) {
        switch (random.nextInt(3)) {
          case 0 -> addPlain("n" + i);
          case 1 -> addWhole("n" + i);
          default -> addShared("n" + i);
        }
      }
      Collections.shuffle(nodes, random);
      Collections.shuffle(pods, random);
    }

    private String name() {
      return "p" + names++;
    }

    private boolean chance(int percent) {
      return random.nextInt(100) < percent;
    }

    private void plant(Kind kind, String node, String pod, String resource) {
      planted.add(key(kind, node, pod, resource));
    }

    /** A node of CPU and memory, filled with at most what it has, or by one thousandth more. */
    private void addPlain(String node) {
      boolean ready = chance(80);
      int freeMilli = 1000 * (4 + random.nextInt(60));
      String has = "cpu=" + freeMilli + "m,memory=64Gi,pods=100";
      nodes.add(ClusterObjects.node(node, has, has, ready ? "True" : "False"));
      while (chance(85) && freeMilli > 1) {
        int milli = 1 + random.nextInt(freeMilli);
        freeMilli -= milli;
        pods.add(podInOneOfManyForms(node, milli));
      }
      if (chance(30)) {
        pods.add(ClusterObjects.pod(name(), node, "cpu=" + (freeMilli + 1) + "m").build());
        plant(ready ? Kind.NODE_OVERCOMMITTED : Kind.NODE_OVERCOMMITTED_FOR_NOW, node, "", "cpu");
      }
      addPodsThatTakeNothing(node);
    }

    private Pod podInOneOfManyForms(String node, int milli) {
      PodBuilder pod = ClusterObjects.pod(name(), node, "cpu=" + milli + "m");
      return switch (random.nextInt(3)) {
        case 0 ->
            pod.editSpec()
                .addNewInitContainer()
                .withName("init")
                .withNewResources()
                .withRequests(ClusterObjects.quantities("cpu=" + milli + "m"))
                .endResources()
                .endInitContainer()
                .endSpec()
                .build();
        case 1 ->
            pod.editSpec()
                .editFirstContainer()
                .withNewResources()
                .withLimits(ClusterObjects.quantities("cpu=500"))
                .withRequests(ClusterObjects.quantities("cpu=" + (milli - 1) + "m"))
                .endResources()
                .endContainer()
                .withOverhead(ClusterObjects.quantities("cpu=1m"))
                .endSpec()
                .build();
        default -> pod.build();
      };
    }

    private void addPodsThatTakeNothing(String node) {
      if (chance(30)) {
        String phase = chance(50) ? "Succeeded" : "Failed";
        pods.add(
            ClusterObjects.pod(name(), node, "cpu=900,nvidia.com/gpu=9,aliyun.com/gpu-mem=999")
                .editStatus()
                .withPhase(phase)
                .endStatus()
                .build());
      }
      if (chance(30)) {
        pods.add(ClusterObjects.pod(name(), "", "cpu=900,aliyun.com/gpu-mem=999").build());
      }
    }

    /** A node of whole GPUs. */
    private void addWhole(String node) {
      int gpus = 1 + random.nextInt(8);
      nodes.add(ClusterObjects.node(node, "cpu=64,pods=100,nvidia.com/gpu=" + gpus));
      int left = gpus;
      while (left > 0 && chance(80)) {
        int asked = 1 + random.nextInt(left);
        left -= asked;
        pods.add(ClusterObjects.pod(name(), node, "cpu=1,nvidia.com/gpu=" + asked).build());
      }
      if (chance(30)) {
        pods.add(ClusterObjects.pod(name(), node, "nvidia.com/gpu=" + (left + 1)).build());
        plant(Kind.NODE_OVERCOMMITTED, node, "", "nvidia.com/gpu");
      }
      if (chance(20)) {
        String pod = name();
        pods.add(ClusterObjects.share(pod, node, 3, 0, 16).build());
        plant(Kind.NO_SHARED_GPUS, node, pod, "aliyun.com/gpu-mem");
        plant(Kind.NODE_OVERCOMMITTED, node, "", "aliyun.com/gpu-mem");
      }
      addPodsThatTakeNothing(node);
    }

    /** A node of shared GPUs; the last two cards are left to pods with planted faults. */
    private void addShared(String node) {
      int cards = 3 + random.nextInt(4);
      int size = 20 + random.nextInt(30);
      nodes.add(
          ClusterObjects.node(
              node,
              "cpu=64,pods=200,aliyun.com/gpu-count=%d,aliyun.com/gpu-mem=%d"
                  .formatted(cards, cards * size + random.nextInt(cards))));
      int[] free = new int[cards];
      Arrays.fill(free, size);
      while (chance(92)) {
        int card = random.nextInt(cards - 2);
        if (free[card] > 0) {
          int units = 1 + random.nextInt(free[card]);
          free[card] -= units;
          PodBuilder pod = ClusterObjects.share(name(), node, units, card, size);
          pods.add(
              chance(50)
                  ? pod.build()
                  : ClusterObjects.annotated(pod, ClusterObjects.GIVEN, Integer.toString(card)));
        }
      }
      plantOnCards(node, free, size);
      addPodsThatTakeNothing(node);
    }

    private void plantOnCards(String node, int[] free, int size) {
      int last = free.length - 1;
      if (chance(30)) {
        pods.add(ClusterObjects.share(name(), node, free[0] + 1, 0, size).build());
        plant(Kind.CARD_OVERCOMMITTED, node, "", "aliyun.com/gpu-mem");
      }
      if (chance(12)) {
        plantSwap(node, last, size);
      }
      for (Kind kind : Kind.values()) {
        if (chance(12)) {
          plantOnLastCard(kind, node, last, size);
        }
      }
    }

    /** Two pods of one amount that are not assigned yet, on the last two cards. */
    private void plantSwap(String node, int last, int size) {
      String name = name();
      for (int i = 0; i < 2; i++) {
        pods.add(
            ClusterObjects.annotated(
                ClusterObjects.share(name + i, node, 1, last - i, size),
                "ALIYUN_COM_GPU_MEM_ASSIGNED",
                "false"));
      }
      plant(Kind.MAY_BE_SWAPPED, node, name + 0, "aliyun.com/gpu-mem");
    }

    private void plantOnLastCard(Kind kind, String node, int card, int size) {
      String name = name();
      PodBuilder one = ClusterObjects.share(name, node, 1, card, size);
      Pod pod =
          switch (kind) {
            case NO_DEVICE -> ClusterObjects.withoutAnnotation(one, "ALIYUN_COM_GPU_MEM_IDX");
            case UNKNOWN_DEVICE ->
                ClusterObjects.annotated(
                    one,
                    "ALIYUN_COM_GPU_MEM_IDX",
                    chance(50) ? "x" : Integer.toString(card + 1 + random.nextInt(3)));
            case DEVICE_NOT_ASKED ->
                ClusterObjects.annotated(
                    ClusterObjects.pod(name, node, "cpu=1m"), "ALIYUN_COM_GPU_MEM_IDX", "0");
            case AMOUNT_DIFFERS ->
                ClusterObjects.annotated(one, "ALIYUN_COM_GPU_MEM_POD", chance(50) ? "2" : "1Gi");
            case CARD_SIZE_DIFFERS ->
                ClusterObjects.annotated(one, "ALIYUN_COM_GPU_MEM_DEV", Integer.toString(size + 1));
            case SEVERAL_CONTAINERS ->
                ClusterObjects.share(name, node, 1, card, size)
                    .editSpec()
                    .addNewInitContainer()
                    .withName("init")
                    .withNewResources()
                    .withLimits(ClusterObjects.quantities("aliyun.com/gpu-mem=1"))
                    .endResources()
                    .endInitContainer()
                    .endSpec()
                    .build();
            case GIVEN_DIFFERS ->
                ClusterObjects.annotated(one, ClusterObjects.GIVEN, chance(50) ? "none" : "99");
            case UNREADABLE -> ClusterObjects.pod(name, node, "cpu=1e999999999").build();
            default -> null;
          };
      if (pod != null) {
        pods.add(pod);
        plant(kind, node, name, kind == Kind.UNREADABLE ? "" : "aliyun.com/gpu-mem");
      }
    }

    AuditReport audit() {
      return ClusterAudit.of(nodes, pods, ClusterObjects.GIVEN);
    }
  }

  private static String key(Kind kind, String node, String pod, String resource) {
    return kind + " " + node + " " + pod + " " + resource;
  }

  private static String key(Finding finding) {
    return key(
        finding.kind(), finding.node(), finding.pod().replace("default/", ""), finding.resource());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void exactlyThePlantedFaultsAreFound(long seed) {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int clean = 0;
    TreeSet<Kind> kinds = new TreeSet<>();
    for (int i = 0; i < CLUSTERS; i++) {
      PlantedCluster cluster = new PlantedCluster(random);
      AuditReport report = cluster.audit();
      assertThat(report.findings().stream().map(ClusterAuditRandomTest::key))
          .as("cluster %d of seed %d", i, seed)
          .containsExactlyInAnyOrderElementsOf(cluster.planted);
      clean += report.isClean() ? 1 : 0;
      report.findings().forEach(finding -> kinds.add(finding.kind()));
    }
    assertThat(clean).isPositive();
    assertThat(kinds).hasSizeGreaterThanOrEqualTo(Kind.values().length - 1);
  }
}
