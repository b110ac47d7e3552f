package io.stowage.core.bound;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Column generation for a {@link PackingProblem}: prices from the linear program over known
 * packings, the best packing of each node type at these prices, and again, until no packing is left
 * that would gain anything.
 *
 * <p>Prices stay in a box around those of the best bound so far (Marsten, Hogan, Blankenship, "The
 * Boxstep Method for Large-Scale Optimization", 1975): a bound is convex in the prices, so one that
 * is lowest in a box around it is lowest of all. Every search gives a valid bound; stopping early
 * costs tightness alone. Deterministic, not thread-safe.
 */
final class ColumnGeneration {
  /** A price that no pod is worth. */
  private static final long UNAVAILABLE = 1L << 50;

  /** By how much the box grows where its prices are better: the best ones may be far. */
  private static final double BOX_GROWTH = 2;

  private final PackingProblem problem;
  private final MasterProblem master;
  private final List<PackingSearch> searches = new ArrayList<>();
  private double boxNanoGpu;
  private Trial best;

  /** Prices and the bound that they prove. */
  private record Trial(Prices prices, BoundCertificate certificate, boolean foundNew) {}

  private ColumnGeneration(PackingProblem problem, Prices startPrices, double boxNanoGpu) {
    this.boxNanoGpu = boxNanoGpu;
    this.problem = problem;
    master = new MasterProblem(problem);
    for (int t = 0; t < problem.nodeTypes().size(); t++) {
      searches.add(new PackingSearch(problem, t));
    }
    best = price(startPrices);
  }

  /**
   * Returns the certificate of the best bound found.
   *
   * @param startPrices the closer to the best ones the faster
   * @param boxNanoGpu how far the price of a GPU's worth is varied at a time, at first
   * @param effort when to stop
   * @param toleranceNanoGpu how far above the optimum the bound may stay
   */
  static BoundCertificate run(
      PackingProblem problem,
      Prices startPrices,
      double boxNanoGpu,
      Effort effort,
      double toleranceNanoGpu) {
    ColumnGeneration generation = new ColumnGeneration(problem, startPrices, boxNanoGpu);
    generation.fill();
    for (int round = 0;
        round < effort.maxRounds() && generation.searchSteps() < effort.maxSearchSteps();
        round++) {
      if (!generation.improve(toleranceNanoGpu)) {
        break;
      }
    }
    return generation.best.certificate;
  }

  /** Returns whether there may be more to gain. */
  private boolean improve(double toleranceNanoGpu) {
    Optional<MasterProblem.Solution> solved = master.solve(best.prices, boxNanoGpu);
    if (solved.isEmpty()
        || best.certificate.boundNanoGpu() - solved.get().sumNanoGpu() <= toleranceNanoGpu) {
      return false;
    }
    Trial trial = price(solved.get().prices());
    if (trial.certificate.boundNanoGpu() < best.certificate.boundNanoGpu()) {
      best = trial;
      boxNanoGpu *= BOX_GROWTH;
      return true;
    }
    return trial.foundNew;
  }

  private long searchSteps() {
    return searches.stream().mapToLong(PackingSearch::steps).sum();
  }

  /** Fills the nodes one after another, each with the best packing of the pods that are left. */
  private void fill() {
    long[] left = problem.kinds().stream().mapToLong(PodKind::demand).toArray();
    List<Long> prices = new ArrayList<>(best.prices.ofKinds());
    for (PackingSearch search : searches) {
      long nodes = search.type().count();
      while (nodes > 0) {
        int[] pods =
            search.best(prices, 0).packing().pods().stream().mapToInt(Integer::intValue).toArray();
        long times = nodes;
        for (int k = 0; k < pods.length; k++) {
          if (pods[k] > 0) {
            pods[k] = (int) Math.min(pods[k], left[k]);
            times = Math.min(times, left[k] / pods[k]);
          }
        }
        if (Arrays.stream(pods).sum() == 0) {
          break;
        }
        master.add(new Packing(search.nodeType(), Arrays.stream(pods).boxed().toList()));
        for (int k = 0; k < pods.length; k++) {
          left[k] -= times * pods[k];
          if (left[k] == 0) {
            prices.set(k, UNAVAILABLE);
          }
        }
        nodes -= times;
      }
    }
  }

  /** Finds the best packings at some prices, and so the bound that these prove. */
  private Trial price(Prices prices) {
    boolean foundNew = false;
    List<BoundCertificate.NodeTypeClaim> claims = new ArrayList<>();
    long bound = 0;
    for (int k = 0; k < problem.kinds().size(); k++) {
      bound =
          Math.addExact(
              bound, Math.multiplyExact(problem.kinds().get(k).demand(), prices.ofKinds().get(k)));
    }
    for (PackingSearch search : searches) {
      long memoryPrice = prices.perMib().get(search.nodeType());
      PackingSearch.Found found = search.best(prices.ofKinds(), memoryPrice);
      foundNew |= master.add(found.packing());
      claims.add(
          new BoundCertificate.NodeTypeClaim(
              search.grid().cpuStepMilli(),
              search.grid().unitStep(),
              memoryPrice,
              found.surplus()));
      long perNode =
          Math.addExact(
              found.surplus(), Math.multiplyExact(memoryPrice, search.type().memoryMib()));
      bound = Math.addExact(bound, Math.multiplyExact(search.type().count(), perNode));
    }
    return new Trial(prices, new BoundCertificate(prices.ofKinds(), claims, bound), foundNew);
  }
}
