package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What Stowage takes to come up beside a cluster that is in use: seconds until it is ready, seconds
 * of CPU, and memory resident, without a planner and with one that is kept busy, while pods come
 * and go. {@code -Dstowage.memory.nodes=5000 -Dstowage.memory.jvms="-Xmx256m|-Xmx512m
 * -XX:+UseSerialGC"} for more nodes, and for the JVM's options by turns.
 */
class MemoryE2E {
  private static final int NODES = Integer.getInteger("stowage.memory.nodes", 100);
  private static final int PODS_PER_NODE = 10;
  private static final List<String> JVMS =
      List.of(System.getProperty("stowage.memory.jvms", "-Xmx256m").split("\\|"));

  /** Thousands of nodes keep an API server on two cores busy for minutes. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final int HTTP_OK = 200;
  private static final int ROUNDS = 10;
  private static final int WRITERS = 16;
  private static final int GPUS = 8;

  /** Pods that end at a time, others in their place. */
  private static final int CHANGED_PODS = 20;

  /** So often without a planner. */
  private static final int BATCHES = Integer.getInteger("stowage.memory.batches", 5);

  private static final int MOST_MEBIBYTES = 512;
  private static final int MOST_MEBIBYTES_WITH_PLANNER = 1024;

  private int replaced;

  @Test
  void itComesUpKnowingEveryPodWithinItsMemory() {
    List<String> lines =
        IntStream.range(0, NODES).mapToObj(i -> NodeLists.node(nodeName(i), GPUS)).toList();
    Path nodes = NodeLists.write("memory", lines);
    try (ControlPlane controlPlane =
        ControlPlane.start("memory", nodes, ControlPlane.rareLeases())) {
      createPods(controlPlane.admin());
      awaitAllRun(controlPlane.admin());
      for (String jvm : JVMS) {
        for (boolean planner : new boolean[] {false, true}) {
          run(controlPlane, jvm, planner);
        }
      }
    }
  }

  private static String nodeName(int index) {
    return "node-%05d".formatted(index);
  }

  private static Pod pod(int index) {
    String name = "pod-" + index;
    String limits =
        "cpu=2,memory=8Gi" + (index / NODES % PODS_PER_NODE < GPUS - 1 ? ",nvidia.com/gpu=1" : "");
    PodBuilder pod = Pods.pod(name, Pods.STOWAGE, limits);
    return pod.editSpec().withNodeName(nodeName(index % NODES)).endSpec().build();
  }

  /** What comes up is to be measured on a machine that does nothing else. */
  private static void awaitAllRun(KubernetesClient client) {
    await("all pods to run")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(2))
        .until(
            () ->
                client
                    .pods()
                    .inAnyNamespace()
                    .withField("status.phase", "Pending")
                    .list(new ListOptionsBuilder().withLimit(1L).build())
                    .getItems()
                    .isEmpty());
  }

  private static void createPods(KubernetesClient client) {
    ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
    try {
      List<Future<?>> created = new ArrayList<>();
      for (int i = 0; i < NODES * PODS_PER_NODE; i++) {
        Pod pod = pod(i);
        created.add(writers.submit(() -> client.resource(pod).create()));
      }
      for (Future<?> one : created) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a pod could not be created", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      writers.shutdownNow();
    }
  }

  private void run(ControlPlane controlPlane, String jvm, boolean planner) {
    long startNanos = System.nanoTime();
    try (StowageProcess stowage =
        controlPlane.startStowageIn(
            List.of(jvm.split(" ")),
            planner ? "planner" : "no-planner",
            "planning: {enabled: %b}%n".formatted(planner))) {
      await("Stowage to be ready, see its log")
          .atMost(PATIENCE)
          .until(() -> stowage.client().get("/readyz").statusCode() == HTTP_OK);
      double readySeconds = (System.nanoTime() - startNanos) / 1e9;
      double cpuSeconds = cpuSeconds(stowage);
      await("all pods to be known")
          .until(() -> stowage.metric("stowage_bound_pods") == NODES * PODS_PER_NODE);
      int atReady = mebibytes(stowage, "VmRSS");
      if (planner) {
        keepBusy(controlPlane.admin(), stowage);
      } else {
        for (int batch = 0; batch < BATCHES; batch++) {
          change(controlPlane.admin());
        }
      }
      int most = mebibytes(stowage, "VmHWM");
      System.out.printf(
          Locale.ROOT,
          "%s, %d nodes, %d pods, %s planner: ready after %.1f s (%.1f s of CPU); resident %d MiB"
              + " then, %d MiB now, at most %d MiB%n",
          jvm,
          NODES,
          NODES * PODS_PER_NODE,
          planner ? "with" : "without",
          readySeconds,
          cpuSeconds,
          atReady,
          mebibytes(stowage, "VmRSS"),
          most);
      assertThat(stowage.complaints())
          .allMatch(line -> line.contains("BlockedThreadChecker"), "a thread that got no core");
      assertThat(most).isLessThan(planner ? MOST_MEBIBYTES_WITH_PLANNER : MOST_MEBIBYTES);
    }
  }

  private static double cpuSeconds(StowageProcess stowage) {
    return ProcessHandle.of(stowage.pid())
            .flatMap(process -> process.info().totalCpuDuration())
            .orElseThrow()
            .toMillis()
        / 1e3;
  }

  /** Has pods end and others come in their place until the planner has gone through some rounds. */
  private void keepBusy(KubernetesClient client, StowageProcess stowage) {
    double before = stowage.metric("stowage_plans_total");
    while (stowage.metric("stowage_plans_total") < before + ROUNDS) {
      change(client);
    }
  }

  private void change(KubernetesClient client) {
    for (int i = 0; i < CHANGED_PODS; i++) {
      client.resource(pod(replaced)).withGracePeriod(0).delete();
      client.resource(pod(replaced + NODES * PODS_PER_NODE)).create();
      replaced++;
    }
  }

  /** Returns what Linux says of the process's memory. */
  private static int mebibytes(StowageProcess stowage, String key) {
    Path status = Path.of("/proc", Long.toString(stowage.pid()), "status");
    try (var lines = Files.lines(status, StandardCharsets.US_ASCII)) {
      return lines
          .filter(line -> line.startsWith(key + ":"))
          .mapToInt(line -> Integer.parseInt(line.replaceAll("[^0-9]", "")) / 1024)
          .findFirst()
          .orElseThrow(() -> new AssertionError("no " + key + " in " + status));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
