package io.stowage.benchmarks;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Pod;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.policy.NodeScores;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Decisions where a pod goes, in a cluster that is 90 % full and where pods come and go, with the
 * planner idle and with it busy on a thread of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class DecisionBenchmark {
  private static final long SEED = 7;

  /** How many nodes the cluster has. */
  @Param({"1000", "5000", "65000"})
  public int nodes;

  /** The policy that scores. */
  @Param("stowage")
  public String policy = "stowage";

  /** Whether plans are made, and taken in, all the time. */
  @Param({"idle", "busy"})
  public String planner = "idle";

  private @Nullable FilledCluster filled;
  private @Nullable BusyPlanner busy;
  private @Nullable NodeScores forgetful;
  private int next;

  /** Fills the cluster. */
  @Setup
  public void fill() throws InterruptedException {
    FilledCluster cluster = new FilledCluster(nodes, policy);
    filled = cluster;
    forgetful = new NodeScores(cluster.cluster(), cluster.policy(), new SplittableRandom(SEED), 1);
    if (planner.equals("busy")) {
      busy = new BusyPlanner();
      askForPlan(cluster, busy);
    }
  }

  private static void askForPlan(FilledCluster cluster, BusyPlanner planner)
      throws InterruptedException {
    PlanRequest request = cluster.policy().planRequest(List.of());
    if (request != null) {
      planner.ask(request);
    }
  }

  /** Lets the planner end. */
  @TearDown
  public void stop() throws InterruptedException {
    if (busy != null) {
      busy.stop();
    }
  }

  private FilledCluster filled() {
    if (filled == null) {
      throw new IllegalStateException("not set up");
    }
    return filled;
  }

  /**
   * The best node for a pod, the pod placed there, and another one ended; with the planner busy, a
   * plan that is ready taken in first and the next one asked for.
   */
  @Benchmark
  public @Nullable NodeState decision() throws InterruptedException {
    FilledCluster cluster = filled();
    StowagePlan plan = busy == null ? null : busy.fetch();
    if (busy != null && plan != null) {
      cluster.policy().adopt(plan);
      askForPlan(cluster, busy);
    }
    Pod pod = cluster.pod(cluster.workload().get(nextPod()));
    NodeState best = cluster.scores().best(pod.shape());
    if (best != null) {
      cluster.place(pod, best);
      cluster.endOne();
    }
    return best;
  }

  /** The best node for a pod of a shape of which nothing is kept: the slowest decision there is. */
  @Benchmark
  public @Nullable NodeState decisionOnNewShape() {
    return forgetful == null ? null : forgetful.best(filled().workload().get(nextPod()).shape());
  }

  private int nextPod() {
    next = (next + 1) % filled().workload().size();
    return next;
  }
}
