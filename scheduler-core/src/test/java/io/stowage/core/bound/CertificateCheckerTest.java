package io.stowage.core.bound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stowage.core.bound.BoundCertificate.NodeTypeClaim;
import io.stowage.core.cluster.NodeState;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The checker believes nothing. */
class CertificateCheckerTest {
  private static final int CASES = 150;

  @Test
  void certificatesOfTheSearchAreConfirmed() {
    for (long seed = 0; seed < CASES; seed++) {
      for (PackingProblem problem : problems(seed)) {
        BoundCertificate certificate = certificate(problem);
        assertThat(CertificateChecker.check(problem, certificate))
            .as("seed %d", seed)
            .isEqualTo(certificate.boundNanoGpu());
      }
    }
  }

  @Test
  void aSurplusBelowTheLargestIsRefused() {
    int tried = 0;
    for (long seed = 0; seed < CASES; seed++) {
      for (PackingProblem problem : problems(seed)) {
        BoundCertificate certificate = certificate(problem);
        for (int t = 0; t < problem.nodeTypes().size(); t++) {
          BoundCertificate falsified = withSurplusLowered(problem, certificate, t);
          assertThatThrownBy(() -> CertificateChecker.check(problem, falsified))
              .as("seed %d, node type %d", seed, t)
              .isInstanceOf(InvalidCertificateException.class)
              .hasMessageContaining("node type " + t);
          tried++;
        }
      }
    }
    assertThat(tried).isGreaterThan(CASES);
  }

  @Test
  void aLowerPriceIsRefusedOrTheBoundStillHolds() {
    int refused = 0;
    for (long seed = 0; seed < CASES; seed++) {
      SmallCases.Case small = SmallCases.random(seed);
      long most = SmallCases.most(small);
      long held =
          small.states().stream()
              .mapToLong(node -> node.gpuCapacityMilli() - node.freeGpuMilli())
              .sum();
      for (PackingProblem problem : problems(seed)) {
        BoundCertificate certificate = certificate(problem);
        for (int k = 0; k < problem.kinds().size(); k++) {
          BoundCertificate falsified = withPriceHalved(problem, certificate, k);
          try {
            long gpus = small.states().stream().mapToLong(NodeState::gpuCount).sum();
            long milli = CertificateChecker.check(problem, falsified) / 1_000_000 + 1 + gpus;
            assertThat(held + milli).as("seed %d, kind %d", seed, k).isGreaterThanOrEqualTo(most);
          } catch (InvalidCertificateException e) {
            refused++;
          }
        }
      }
    }
    System.out.println("lower prices refused: " + refused);
    assertThat(refused).isGreaterThan(CASES / 4);
  }

  @Test
  void aWrongSumIsRefused() {
    PackingProblem problem = someProblem();
    BoundCertificate certificate = certificate(problem);
    for (long off : new long[] {-1, 1, Long.MIN_VALUE}) {
      BoundCertificate falsified =
          new BoundCertificate(
              certificate.kindPrices(), certificate.nodeTypes(), certificate.boundNanoGpu() + off);
      assertThatThrownBy(() -> CertificateChecker.check(problem, falsified))
          .isInstanceOf(InvalidCertificateException.class)
          .hasMessageContaining("add up");
    }
  }

  @Test
  void aNegativePriceIsRefused() {
    PackingProblem problem = someProblem();
    BoundCertificate certificate = certificate(problem);
    List<Long> prices = new ArrayList<>(certificate.kindPrices());
    prices.set(0, -1L);
    BoundCertificate falsified =
        new BoundCertificate(prices, certificate.nodeTypes(), certificate.boundNanoGpu());
    assertThatThrownBy(() -> CertificateChecker.check(problem, falsified))
        .isInstanceOf(InvalidCertificateException.class)
        .hasMessageContaining("negative");
  }

  @Test
  void stepsThatCoverASmallShareAreRefused() {
    PackingProblem problem =
        new PackingProblem(
            List.of(new NodeType("gpu", List.of(new GpuRoom("", 1_000, 1_000)), 1_000, 1_000, 1)),
            List.of(new PodKind("gpu", 1, 300, new TreeSet<>(), 0, 0, 9)));
    BoundCertificate falsified =
        new BoundCertificate(List.of(0L), List.of(new NodeTypeClaim(1, 1_000, 0, 0)), 0);
    assertThatThrownBy(() -> CertificateChecker.check(problem, falsified))
        .isInstanceOf(InvalidCertificateException.class)
        .hasMessageContaining("below the step");
  }

  @Test
  void certificatesOfAnotherProblemAreRefused() {
    PackingProblem problem = someProblem();
    BoundCertificate empty = new BoundCertificate(List.of(), List.of(), 0);
    assertThatThrownBy(() -> CertificateChecker.check(problem, empty))
        .isInstanceOf(InvalidCertificateException.class)
        .hasMessageContaining("expected prices of");
  }

  @Test
  void amountsThatOverflowAreRefused() {
    PackingProblem problem = someProblem();
    BoundCertificate certificate = certificate(problem);
    List<Long> prices = new ArrayList<>(certificate.kindPrices());
    prices.replaceAll(price -> Long.MAX_VALUE);
    BoundCertificate falsified =
        new BoundCertificate(prices, certificate.nodeTypes(), certificate.boundNanoGpu());
    assertThatThrownBy(() -> CertificateChecker.check(problem, falsified))
        .isInstanceOf(InvalidCertificateException.class);
  }

  private static List<PackingProblem> problems(long seed) {
    SmallCases.Case small = SmallCases.random(seed);
    PackingProblem problem = PackingProblem.of(small.states(), small.demand(), 1);
    return List.of(problem, problem.perGpu());
  }

  private static PackingProblem someProblem() {
    return LongStream.iterate(0, seed -> seed + 1)
        .mapToObj(seed -> problems(seed).get(0))
        .filter(problem -> problem.kinds().size() > 1 && problem.nodeTypes().size() > 1)
        .findFirst()
        .orElseThrow();
  }

  private static BoundCertificate certificate(PackingProblem problem) {
    List<Long> none = problem.kinds().stream().map(kind -> 0L).toList();
    return ColumnGeneration.run(problem, Prices.ofPods(problem, none), 1e9, Effort.DEFAULT, 1e6);
  }

  private static BoundCertificate withSurplusLowered(
      PackingProblem problem, BoundCertificate certificate, int type) {
    List<NodeTypeClaim> claims = new ArrayList<>(certificate.nodeTypes());
    NodeTypeClaim claim = claims.get(type);
    claims.set(
        type,
        new NodeTypeClaim(
            claim.cpuStepMilli(),
            claim.unitStep(),
            claim.memoryPricePerMib(),
            claim.surplus() - 1));
    return new BoundCertificate(
        certificate.kindPrices(),
        claims,
        certificate.boundNanoGpu() - problem.nodeTypes().get(type).count());
  }

  private static BoundCertificate withPriceHalved(
      PackingProblem problem, BoundCertificate certificate, int kind) {
    List<Long> prices = new ArrayList<>(certificate.kindPrices());
    long lowered = prices.get(kind) / 2;
    long saved = (prices.get(kind) - lowered) * problem.kinds().get(kind).demand();
    prices.set(kind, lowered);
    return new BoundCertificate(
        prices, certificate.nodeTypes(), certificate.boundNanoGpu() - saved);
  }
}
