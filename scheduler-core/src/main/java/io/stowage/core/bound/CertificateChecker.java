package io.stowage.core.bound;

import io.stowage.core.bound.BoundCertificate.NodeTypeClaim;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks a {@link BoundCertificate} against its problem, with no code of the search that made it
 * and no solver, in exact arithmetic.
 *
 * <p>The largest surplus of each node type is found anew, by one walk over the node's GPUs from the
 * last to the first: what is the most that can still be gained with so much left of this GPU and so
 * much CPU left on the node? The next pod is a share on this GPU, or one of whole GPUs from here
 * on, or this GPU is done. CPU and GPU units are counted in the certificate's steps, rounded down
 * for pods and nodes alike; memory is priced and not limited: both can only overestimate. A claim
 * below what is found is refused.
 */
final class CertificateChecker {
  private static final long MAX_STATES = 200_000_000;

  private CertificateChecker() {}

  /**
   * Returns the bound that a certificate proves, in nano-GPU, computed anew.
   *
   * @throws InvalidCertificateException where it does not prove what it claims
   */
  static long check(PackingProblem problem, BoundCertificate certificate) {
    List<PodKind> kinds = problem.kinds();
    List<NodeType> types = problem.nodeTypes();
    if (certificate.kindPrices().size() != kinds.size()
        || certificate.nodeTypes().size() != types.size()) {
      throw new InvalidCertificateException(
          "expected prices of %d kinds and %d node types, were %d and %d"
              .formatted(
                  kinds.size(),
                  types.size(),
                  certificate.kindPrices().size(),
                  certificate.nodeTypes().size()));
    }
    try {
      long sum = 0;
      for (int k = 0; k < kinds.size(); k++) {
        long price = certificate.kindPrices().get(k);
        if (price < 0) {
          throw new InvalidCertificateException(
              "the price of kind " + k + " is negative: " + price);
        }
        sum = Math.addExact(sum, Math.multiplyExact(price, kinds.get(k).demand()));
      }
      for (int t = 0; t < types.size(); t++) {
        NodeTypeClaim claim = certificate.nodeTypes().get(t);
        requireProven(t, types.get(t), kinds, certificate.kindPrices(), claim);
        long perNode =
            Math.addExact(
                claim.surplus(),
                Math.multiplyExact(claim.memoryPricePerMib(), types.get(t).memoryMib()));
        sum = Math.addExact(sum, Math.multiplyExact(perNode, types.get(t).count()));
      }
      if (sum != certificate.boundNanoGpu()) {
        throw new InvalidCertificateException(
            "prices and surpluses add up to %d, claimed are %d"
                .formatted(sum, certificate.boundNanoGpu()));
      }
      return sum;
    } catch (ArithmeticException e) {
      throw new InvalidCertificateException("an amount is too large: " + e.getMessage());
    }
  }

  private static void requireProven(
      int index, NodeType type, List<PodKind> kinds, List<Long> prices, NodeTypeClaim claim) {
    if (claim.memoryPricePerMib() < 0 || claim.cpuStepMilli() < 1 || claim.unitStep() < 1) {
      throw new InvalidCertificateException(
          "node type " + index + " has a value below 0: " + claim);
    }
    List<Offer> offers = new ArrayList<>();
    for (int k = 0; k < kinds.size(); k++) {
      PodKind kind = kinds.get(k);
      if (type.admits(kind)) {
        if (!kind.isWhole() && kind.unitsPerGpu() < claim.unitStep()) {
          throw new InvalidCertificateException(
              "node type %d: a share of %d units is below the step of %d"
                  .formatted(index, kind.unitsPerGpu(), claim.unitStep()));
        }
        long paid =
            Math.addExact(
                prices.get(k), Math.multiplyExact(claim.memoryPricePerMib(), kind.memoryMib()));
        offers.add(new Offer(kind, Math.toIntExact(kind.cpuMilli() / claim.cpuStepMilli()), paid));
      }
    }
    long found = largestSurplus(type, offers, claim);
    if (found > claim.surplus()) {
      throw new InvalidCertificateException(
          "node type %d: a packing has a surplus of %d, claimed is at most %d"
              .formatted(index, found, claim.surplus()));
    }
  }

  /** A kind with its steps of CPU and what one of its pods pays, in nano-GPU. */
  private record Offer(PodKind kind, int cpu, long paid) {}

  private static long largestSurplus(NodeType type, List<Offer> offers, NodeTypeClaim claim) {
    List<GpuRoom> gpus = type.gpus();
    List<GpuRoom> openOnes = gpus.stream().filter(GpuRoom::isOpen).distinct().toList();
    int cpuSteps = Math.toIntExact(type.cpuMilli() / claim.cpuStepMilli());
    // Row i is the most that the GPUs from i on can gain, by CPU; partly used ones come first.
    long[][] from = new long[gpus.size() + 1][cpuSteps + 1];
    for (int i = gpus.size() - 1; i >= 0; i--) {
      // Which of several open GPUs whole pods leave for shares is not known: any of them.
      for (GpuRoom gpu : gpus.get(i).isOpen() ? openOnes : List.of(gpus.get(i))) {
        long[] withShares = withShares(type, gpu, from[i + 1], offers, claim);
        for (int c = 0; c <= cpuSteps; c++) {
          from[i][c] = Math.max(from[i][c], withShares[c]);
        }
      }
      for (Offer offer : offers) {
        int next = i + offer.kind.gpuCount();
        if (gpus.get(i).isOpen() && next <= gpus.size() && type.takesWhole(offer.kind)) {
          gain(from[i], from[next], offer, gpus.get(i));
        }
      }
    }
    return from[0][cpuSteps];
  }

  /** Returns the most that one GPU's shares and the GPUs after it can gain, by CPU. */
  private static long[] withShares(
      NodeType type, GpuRoom gpu, long[] afterIt, List<Offer> offers, NodeTypeClaim claim) {
    int units = Math.toIntExact(gpu.freeUnits() / claim.unitStep());
    if ((units + 1L) * afterIt.length > MAX_STATES) {
      throw new InvalidCertificateException("steps are too small to be checked: " + claim);
    }
    List<Offer> shares = offers.stream().filter(offer -> type.takesShare(offer.kind, gpu)).toList();
    long[][] left = new long[units + 1][];
    for (int u = 0; u <= units; u++) {
      left[u] = afterIt.clone();
      for (Offer offer : shares) {
        int size = Math.toIntExact(offer.kind.unitsPerGpu() / claim.unitStep());
        if (size <= u) {
          gain(left[u], left[u - size], offer, gpu);
        }
      }
    }
    return left[units];
  }

  private static void gain(long[] most, long[] after, Offer offer, GpuRoom gpu) {
    long gain = gpu.nanoGpuOf(offer.kind) - offer.paid;
    for (int c = offer.cpu; gain > 0 && c < most.length; c++) {
      most[c] = Math.max(most[c], after[c - offer.cpu] + gain);
    }
  }
}
