package io.stowage.core.bound;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.ojalgo.optimisation.Expression;
import org.ojalgo.optimisation.ExpressionsBasedModel;
import org.ojalgo.optimisation.Optimisation;
import org.ojalgo.optimisation.Variable;

/**
 * The linear program over the packings found so far, in its dual form: prices of pods, of memory
 * and of nodes, so low in sum and yet so high that none of these packings holds more GPU than its
 * pods, its memory and its node cost. Not thread-safe.
 */
final class MasterProblem {
  private static final double NANO_PER_GPU = 1e9;

  static {
    // Otherwise ojAlgo prints what it knows of the hardware on standard output.
    System.setProperty("shut.up.ojAlgo", "true");
  }

  private final PackingProblem problem;
  private final Set<Packing> packings = new LinkedHashSet<>();

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
    return packings.add(packing);
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
    for (Packing packing : packings) {
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
    }
    Optimisation.Result result = model.minimise();
    if (!result.getState().isOptimal()) {
      return Optional.empty();
    }
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

  private static Variable near(Variable variable, double nanoGpu, double boxNanoGpu) {
    return variable
        .lower(Math.max(0, nanoGpu - boxNanoGpu) / NANO_PER_GPU)
        .upper((nanoGpu + boxNanoGpu) / NANO_PER_GPU);
  }

  private static double nanoGpu(Variable variable) {
    return Math.max(0, variable.getValue().doubleValue() * NANO_PER_GPU);
  }
}
