package io.stowage.extender.demo;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.replay.WaitingByClass;
import io.stowage.core.replay.WaitingQueue;
import io.stowage.core.replay.WaitingQueue.Queued;
import io.stowage.core.trace.PodClass;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * A cluster in which pods arrive, wait where they must, run and end, under one scheduler.
 *
 * <p>A pod that is unschedulable waits; when a pod ends, those that might fit its node are tried
 * again by priority, then arrival. Averages are taken over cluster time from 0 on; pods that were
 * there at time 0 do not count in waiting times. Not thread-safe.
 */
final class ChurningCluster {
  private static final int STRANDED_EVERY_ARRIVALS = 50;

  private final DemoScheduler scheduler;
  private final List<PodShape> shapes;
  private final Listener listener;
  private final Map<Integer, Arrived> waiting = new HashMap<>();
  private final WaitingQueue queue = new WaitingQueue();
  private final PriorityQueue<Running> running = new PriorityQueue<>();
  private final WaitingByClass waits = new WaitingByClass();
  private final Map<String, Double> strandedSums = new LinkedHashMap<>();
  private int strandedSamples;
  private int arrivals;
  private int placed;
  private double nowSeconds;
  private double gpuPercentSeconds;
  private double cpuPercentSeconds;

  /**
   * A pod that arrived.
   *
   * @param index its index among all arrivals
   * @param pod the pod
   * @param seconds when it arrived; 0 for those that were there from the start
   * @param runSeconds how long it runs once placed
   */
  record Arrived(int index, Pod pod, double seconds, double runSeconds) {}

  private record Running(double endSeconds, Arrived arrived) implements Comparable<Running> {
    @Override
    public int compareTo(Running other) {
      int byTime = Double.compare(endSeconds, other.endSeconds);
      return byTime != 0 ? byTime : Integer.compare(arrived.index, other.arrived.index);
    }
  }

  /** Is told what happens in a cluster. */
  interface Listener {
    /** Nobody wants to know. */
    Listener NONE = new Listener() {};

    /** A pod arrived. */
    default void arrived(Arrived arrived) {}

    /** A pod was placed at a cluster time. */
    default void placed(Placement placement, double seconds) {}

    /** A pod ended at a cluster time. */
    default void ended(Placement placement, double seconds) {}
  }

  /**
   * Creates the cluster.
   *
   * @param shapes the shapes that arrive, to measure stranded GPU against
   */
  ChurningCluster(DemoScheduler scheduler, List<PodShape> shapes, Listener listener) {
    this.scheduler = scheduler;
    this.shapes = shapes;
    this.listener = listener;
  }

  /** Moves the clock to a pod's arrival and tries to place it. */
  void arrive(Arrived arrived) throws IOException, InterruptedException {
    advanceTo(arrived.seconds);
    arrivals++;
    scheduler.arrived(arrived.pod);
    listener.arrived(arrived);
    if (!start(arrived)) {
      waiting.put(arrived.index, arrived);
      queue.add(queued(arrived));
    }
    if (nowSeconds > 0 && arrivals % STRANDED_EVERY_ARRIVALS == 0) {
      scheduler
          .cluster()
          .strandedPercentByCause(shapes)
          .forEach((cause, percent) -> strandedSums.merge(cause, percent, Double::sum));
      strandedSamples++;
    }
  }

  private static Queued queued(Arrived arrived) {
    return new Queued(arrived.index, arrived.pod.priority(), arrived.pod.shape());
  }

  private boolean start(Arrived arrived) throws IOException, InterruptedException {
    Placement placement = scheduler.schedule(arrived.pod);
    if (placement == null) {
      return false;
    }
    placed++;
    running.add(new Running(nowSeconds + arrived.runSeconds, arrived));
    if (arrived.seconds > 0) {
      waits.placed(PodClass.of(arrived.pod.shape()), nowSeconds - arrived.seconds);
    }
    listener.placed(placement, nowSeconds);
    return true;
  }

  /** Moves the clock: lets pods end up to a time, and waiting ones follow. */
  void advanceTo(double seconds) throws IOException, InterruptedException {
    for (Running next = running.peek();
        next != null && next.endSeconds <= seconds;
        next = running.peek()) {
      running.poll();
      passTime(next.endSeconds);
      Pod pod = next.arrived.pod;
      Placement placement = scheduler.cluster().cluster().placement(pod.uid());
      NodeState freed = scheduler.ended(pod);
      if (placement != null) {
        listener.ended(placement, nowSeconds);
      }
      retry(freed);
    }
    passTime(seconds);
  }

  /** Tries waiting pods on a node; pods of a shape that was refused here wait on. */
  private void retry(NodeState freed) throws IOException, InterruptedException {
    Set<PodShape> refused = new HashSet<>();
    while (true) {
      Queued next =
          queue.poll(pod -> !refused.contains(pod.shape()) && scheduler.mayFit(pod.shape(), freed));
      if (next == null) {
        return;
      }
      Arrived arrived = waiting.get(next.arrival());
      if (arrived == null) {
        throw new IllegalStateException("arrival " + next.arrival() + " is queued but unknown");
      }
      if (start(arrived)) {
        waiting.remove(next.arrival());
      } else {
        refused.add(next.shape());
        queue.add(next);
      }
    }
  }

  private void passTime(double seconds) {
    gpuPercentSeconds += (seconds - nowSeconds) * scheduler.cluster().gpuAllocationPercent();
    cpuPercentSeconds += (seconds - nowSeconds) * scheduler.cluster().cpuAllocationPercent();
    nowSeconds = seconds;
    scheduler.advanceTo(seconds);
  }

  /** Returns how things stand; looks at every node. */
  ChurnFigures figures() {
    WaitingByClass all = waits.copy();
    for (Arrived arrived : waiting.values()) {
      if (arrived.seconds > 0) {
        all.stillWaiting(PodClass.of(arrived.pod.shape()), nowSeconds - arrived.seconds);
      }
    }
    Map<String, Double> strandedMeans = new LinkedHashMap<>(strandedSums);
    strandedMeans.replaceAll((cause, sum) -> sum / strandedSamples);
    return new ChurnFigures(
        placed,
        running.size(),
        queue.size(),
        scheduler.cluster().gpuAllocationPercent(),
        scheduler.cluster().cpuAllocationPercent(),
        scheduler.cluster().strandedPercentByCause(shapes),
        nowSeconds == 0 ? 0 : gpuPercentSeconds / nowSeconds,
        nowSeconds == 0 ? 0 : cpuPercentSeconds / nowSeconds,
        strandedMeans,
        all.figures());
  }
}
