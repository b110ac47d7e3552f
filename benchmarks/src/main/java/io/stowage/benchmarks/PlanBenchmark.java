package io.stowage.benchmarks;

import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Planner;
import io.stowage.core.plan.StowagePlan;
import io.stowage.core.plan.Zones;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/** Plans for a cluster that is half full, with the GPU allocation that they lead to beside time. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(1)
public class PlanBenchmark {
  private static final long SEED = 1;
  private static final int CHANGED_PODS = 300;
  private static final int FEW_PODS = 10;

  /** How many nodes the cluster has. */
  @Param({"1000", "5000", "65000"})
  public int nodes;

  /** How many moves the solver tries. */
  @Param({"0", "5000", "50000"})
  public int moves;

  /** How many nodes the solver searches at once. */
  @Param("2500")
  public int partNodes;

  private @Nullable PlannedCluster cluster;
  private Planner planner = new Planner(SEED);
  private PlanRequest fromNothing = new PlanRequest(List.of(), List.of(), StowagePlan.EMPTY);
  private PlanRequest afterChange = fromNothing;

  /** What plans are worth, beside the time that they take. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Worth {
    /** Running pods and slots, as a part of all GPUs, in percent. */
    public double allocatedPercent;

    /** The counters of a run are summed up: each iteration adds its part of the mean. */
    void count(double percent, BenchmarkParams run) {
      allocatedPercent = percent / (run.getMeasurement().getCount() * Math.max(1, run.getForks()));
    }
  }

  /** Fills the cluster, plans it, and has some pods come and go. */
  @Setup
  public void fill() {
    PlannedCluster filled = new PlannedCluster(nodes);
    planner = new Planner(SEED, partNodes);
    fromNothing = filled.request();
    filled.adopt(planner.plan(fromNothing, moves));
    filled.change(CHANGED_PODS);
    afterChange = filled.request();
    cluster = filled;
  }

  private StowagePlan plan(PlanRequest request, Worth worth, BenchmarkParams run) {
    StowagePlan plan = planner.plan(request, moves);
    if (cluster != null) {
      worth.count(cluster.allocatedPercent(plan), run);
    }
    return plan;
  }

  /** A plan that has no plan to start from. */
  @Benchmark
  public StowagePlan fromNothing(Worth worth, BenchmarkParams run) {
    return plan(fromNothing, worth, run);
  }

  /** A plan that starts from one made before some hundred pods ended and came. */
  @Benchmark
  public StowagePlan afterChange(Worth worth, BenchmarkParams run) {
    return plan(afterChange, worth, run);
  }

  /**
   * The picture of the cluster that a plan is made from, taken on the cluster's own thread, after a
   * few pods came and went.
   */
  @Benchmark
  public @Nullable PlanRequest request() {
    if (cluster == null) {
      return null;
    }
    cluster.change(FEW_PODS);
    return cluster.request();
  }

  /** Which nodes to keep for pods of several GPUs, decided on the cluster's own thread. */
  @Benchmark
  public @Nullable Zones zones() {
    return cluster == null ? null : cluster.zones();
  }
}
