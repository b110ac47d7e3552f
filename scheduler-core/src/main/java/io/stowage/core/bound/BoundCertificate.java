package io.stowage.core.bound;

import java.util.List;

/**
 * Proof of an upper bound on the GPU that the pods of a {@link PackingProblem} can hold at once:
 * prices that nobody can better.
 *
 * <p>Every pod that is placed pays the price of its kind and, by the memory it asks for, that of
 * its node type. What it holds beyond that is the packing's surplus. No packing of a node has more
 * surplus than its type's, so all placed pods together hold no more than all prices and surpluses
 * add up to (weak duality), wherever the prices come from.
 *
 * <p>All amounts are in nano-GPU (1e9 a GPU), so that adding them up is exact.
 *
 * @param kindPrices the price of one pod of each kind, in the problem's order, each at least 0
 * @param nodeTypes what is claimed of each node type, in the problem's order
 * @param boundNanoGpu the bound that follows
 */
public record BoundCertificate(
    List<Long> kindPrices, List<NodeTypeClaim> nodeTypes, long boundNanoGpu) {

  /**
   * What is claimed of a node type.
   *
   * @param cpuStepMilli the steps in which CPU is counted, in milli-cores, at least 1
   * @param unitStep the steps in which GPU units are counted, at least 1
   * @param memoryPricePerMib the price of a MiB of the node's memory, at least 0
   * @param surplus the largest surplus of a packing of one such node
   */
  public record NodeTypeClaim(
      long cpuStepMilli, long unitStep, long memoryPricePerMib, long surplus) {}

  /** Copies the lists. */
  public BoundCertificate {
    kindPrices = List.copyOf(kindPrices);
    nodeTypes = List.copyOf(nodeTypes);
  }
}
