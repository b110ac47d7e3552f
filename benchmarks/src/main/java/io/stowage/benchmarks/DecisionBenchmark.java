package io.stowage.benchmarks;

import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Pod;
import io.stowage.core.fit.Fit;
import io.stowage.core.trace.TracePod;
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
 * Fit and score of one pod over all nodes of a cluster that is 90 % full, with the planner idle and
 * with it busy on a thread of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DecisionBenchmark {
  /** How many nodes the cluster has. */
  @Param({"1000", "5000"})
  public int nodes;

  /** The policy that scores. */
  @Param({"stowage", "fgd", "most-allocated"})
  public String policy = "stowage";

  /** Whether plans are made all the time. */
  @Param({"idle", "busy"})
  public String planner = "idle";

  private @Nullable FilledCluster filled;
  private @Nullable BusyPlanner busy;
  private int next;

  /** Fills the cluster. */
  @Setup
  public void fill() {
    filled = new FilledCluster(nodes, policy);
    if (planner.equals("busy")) {
      busy = new BusyPlanner(filled.planned());
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

  private TracePod nextPod() {
    next = (next + 1) % filled().workload().size();
    return filled().workload().get(next);
  }

  /** Whether a pod fits, asked of each node. */
  @Benchmark
  public int fit() {
    TracePod pod = nextPod();
    int[] fitting = new int[1];
    filled().cluster().forEachNode(node -> fitting[0] += Fit.fits(pod.shape(), node) ? 1 : 0);
    return fitting[0];
  }

  /** Fit and score of each node, nothing kept from before. */
  @Benchmark
  public double fitAndScore() {
    TracePod pod = nextPod();
    double[] sum = new double[1];
    filled()
        .cluster()
        .forEachNode(
            node -> {
              if (Fit.fits(pod.shape(), node)) {
                sum[0] += filled().policy().score(pod.shape(), node);
              }
            });
    return sum[0];
  }

  /** The best node with evaluations kept, while one pod ends and one is placed per decision. */
  @Benchmark
  public @Nullable NodeState bestWithChurn() {
    FilledCluster cluster = filled();
    Pod pod = cluster.pod(nextPod());
    NodeState best = cluster.scores().best(pod.shape());
    if (best != null) {
      cluster.place(pod, best);
      cluster.cluster().remove(pod.uid());
    }
    return best;
  }
}
