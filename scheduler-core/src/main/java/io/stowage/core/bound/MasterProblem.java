package io.stowage.core.bound;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ojalgo.optimisation.Expression;
import org.ojalgo.optimisation.ExpressionsBasedModel;
import org.ojalgo.optimisation.Optimisation;
import org.ojalgo.optimisation.Variable;
import org.ojalgo.structure.Access1D;

/**
 * The linear program over the packings found so far, in its dual form: prices of pods, of memory
 * and of nodes, so low in sum and yet so high that none of these packings holds more GPU than its
 * pods, its memory and its node cost. Not thread-safe.
 */
final class MasterProblem {
  private static final double NANO_PER_GPU = 1e9;

  /** How far above what it holds a packing costs, in GPUs, where it does not limit the prices. */
  private static final double SLACK_GPU = 1e-6;

  /** After how many solutions without need a packing is forgotten. */
  private static final int MAX_IDLE = 5;

  static {
    // Otherwise ojAlgo prints what it knows of the hardware on standard output.
    System.setProperty("shut.up.ojAlgo", "true");
  }

  private final PackingProblem problem;

  /** Each packing with how often in a row it did not limit the prices. */
  private final Map<Packing, Integer> packings = new LinkedHashMap<>();

  /**
   * The program's optimum.
   *
   * @param sumNanoGpu what all prices add up to: the most GPU that these packings can hold
   * @param prices the prices, rounded to whole nano-GPU
   */
  record Solution(double sumNanoGpu, Prices prices) {}

  MasterProblem(PackingProblem problem) {
    this.problem = problem;
  }

  /** Adds a packing; returns whether it is new. */
  boolean add(Packing packing) {
    return packings.putIfAbsent(packing, 0) == null;
  }

  /**
   * Solves the program for prices near given ones; empty where the solver finds no optimum.
   *
   * @param boxNanoGpu how far the price of a GPU's worth may be from the given one
   */
  Optional<Solution> solve(Prices given, double boxNanoGpu) {
    ExpressionsBasedModel model = new ExpressionsBasedModel();
    List<Variable> nodes = new ArrayList<>();
    List<Variable> memory = new ArrayList<>();
    for (int t = 0; t < problem.nodeTypes().size(); t++) {
      NodeType type = problem.nodeTypes().get(t);
      nodes.add(model.newVariable("node").lower(0).weight(type.count()));
      double price = (double) given.perMib().get(t) * type.memoryMib();
      memory.add(
          near(model.newVariable("memory"), price, boxNanoGpu * type.gpus().size())
              .weight(type.count()));
    }
    List<Variable> pods = new ArrayList<>();
    for (int k = 0; k < problem.kinds().size(); k++) {
      PodKind kind = problem.kinds().get(k);
      pods.add(
          near(model.newVariable("pod"), given.ofKinds().get(k), boxNanoGpu * kind.gpuCount())
              .weight(kind.demand()));
    }
    Map<Packing, Expression> rows = new LinkedHashMap<>();
    for (Packing packing : packings.keySet()) {
      NodeType type = problem.nodeTypes().get(packing.nodeType());
      Expression row = model.newExpression("packing" + model.countExpressions());
      row.set(nodes.get(packing.nodeType()), 1);
      long nanoGpu = 0;
      long memoryMib = 0;
      for (int k = 0; k < pods.size(); k++) {
        int count = packing.pods().get(k);
        if (count > 0) {
          PodKind kind = problem.kinds().get(k);
          row.set(pods.get(k), count);
          nanoGpu += count * type.gpus().get(type.gpus().size() - 1).nanoGpuOf(kind);
          memoryMib += count * kind.memoryMib();
        }
      }
      if (memoryMib > 0) {
        row.set(memory.get(packing.nodeType()), (double) memoryMib / type.memoryMib());
      }
      row.lower(nanoGpu / NANO_PER_GPU);
      rows.put(packing, row);
    }
    Optimisation.Result result = model.minimise();
    if (!result.getState().isOptimal()) {
      return Optional.empty();
    }
    rows.forEach((packing, row) -> noteSlack(packing, row, result));
    List<Long> perMib = new ArrayList<>();
    for (int t = 0; t < memory.size(); t++) {
      long memoryMib = Math.max(1, problem.nodeTypes().get(t).memoryMib());
      perMib.add(Math.round(nanoGpu(memory.get(t)) / memoryMib));
    }
    return Optional.of(
        new Solution(
            result.getValue() * NANO_PER_GPU,
            new Prices(
                pods.stream().map(variable -> Math.round(nanoGpu(variable))).toList(), perMib)));
  }

  private void noteSlack(Packing packing, Expression row, Access1D<BigDecimal> prices) {
    boolean slack = row.evaluate(prices).subtract(row.getLowerLimit()).doubleValue() > SLACK_GPU;
    int idle = slack ? packings.getOrDefault(packing, 0) + 1 : 0;
    if (idle > MAX_IDLE) {
      packings.remove(packing);
    } else {
      packings.put(packing, idle);
    }
  }

  private static Variable near(Variable variable, double nanoGpu, double boxNanoGpu) {
    return variable
        .lower(Math.max(0, nanoGpu - boxNanoGpu) / NANO_PER_GPU)
        .upper((nanoGpu + boxNanoGpu) / NANO_PER_GPU);
  }

  private static double nanoGpu(Variable variable) {
    return Math.max(0, variable.getValue().doubleValue() * NANO_PER_GPU);
  }
}
