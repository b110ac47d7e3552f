package io.stowage.extender.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.http.ExtenderClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RepeatedAuditTest {
  private static final Pod POD = ClusterObjects.pod("p", "a", "cpu=9").build();
  private static final String SENTENCE = "node a: cpu: 9 asked by 1 pod, allocatable 8";

  private final StringWriter out = new StringWriter();
  private Supplier<AuditReport> audit = () -> of();
  private Instant now = Instant.parse("2026-01-02T03:04:05.6Z");
  private AuditMetrics metrics = serve();
  private RepeatedAudit repeated = repeated();

  private static AuditMetrics serve() {
    try {
      return AuditMetrics.serve(0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private RepeatedAudit repeated() {
    return new RepeatedAudit(() -> audit.get(), metrics, () -> now, new PrintWriter(out));
  }

  @BeforeEach
  void start() {
    repeated.check();
  }

  @AfterEach
  void stop() {
    metrics.close();
  }

  private static AuditReport of(Pod... pods) {
    return ClusterAudit.of(List.of(ClusterObjects.node("a", "cpu=8,pods=9")), List.of(pods), null);
  }

  private void checkAgain(Supplier<AuditReport> next) {
    out.getBuffer().setLength(0);
    audit = next;
    now = now.plusSeconds(60);
    repeated.check();
  }

  private String scrape() {
    return new ExtenderClient(metrics.port()).get("/metrics").body();
  }

  @Test
  void onlyChangesArePrinted() {
    assertThat(out.toString().lines())
        .containsExactly("2026-01-02T03:04:05Z clean: 1 nodes and 0 pods on them checked");

    checkAgain(() -> of(POD));
    assertThat(out.toString().lines())
        .containsExactly(
            "2026-01-02T03:05:05Z found: " + SENTENCE,
            "2026-01-02T03:05:05Z 1 finding: 1 nodes and 1 pods on them checked");

    checkAgain(() -> of(POD));
    assertThat(out.toString()).isEmpty();

    checkAgain(() -> of());
    assertThat(out.toString().lines())
        .containsExactly(
            "2026-01-02T03:07:05Z gone: " + SENTENCE,
            "2026-01-02T03:07:05Z clean: 1 nodes and 0 pods on them checked");
  }

  @Test
  void failureIsSaidOnceCountedAndLeavesWhatWasKnown() {
    checkAgain(() -> of(POD));
    checkAgain(
        () -> {
          throw new KubernetesClientException("connection refused");
        });
    assertThat(out.toString().lines())
        .containsExactly(
            "2026-01-02T03:06:05Z cannot list nodes and pods, trying again: connection refused");
    checkAgain(audit);
    assertThat(out.toString()).isEmpty();
    assertThat(repeated.last().orElseThrow().isClean()).isFalse();
    assertThat(scrape())
        .contains("stowage_audit_failures_total 2.0")
        .contains("stowage_audit_findings{kind=\"node_overcommitted\"} 1.0");

    checkAgain(() -> of(POD));
    assertThat(out.toString()).contains("1 finding: ").doesNotContain("found: ");
  }

  @Test
  void metricsTellEveryKindAndTheLastSuccess() {
    assertThat(scrape()).contains("stowage_audit_findings{kind=\"may_be_swapped\"} 0.0");
    checkAgain(() -> of(POD));
    assertThat(scrape())
        .contains("stowage_audit_findings{kind=\"node_overcommitted\"} 1.0")
        .contains("stowage_audit_findings{kind=\"may_be_swapped\"} 0.0")
        .contains("stowage_audit_failures_total 0.0")
        .containsPattern("stowage_audit_last_success_timestamp_seconds 1\\.7673231056E9");
  }
}
