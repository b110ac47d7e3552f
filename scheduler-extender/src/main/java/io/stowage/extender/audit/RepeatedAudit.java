package io.stowage.extender.audit;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/** An audit that is repeated and tells only what has changed. Used by one thread. */
public final class RepeatedAudit {
  private final Supplier<AuditReport> audit;
  private final AuditMetrics metrics;
  private final InstantSource clock;
  private final PrintWriter out;
  private Optional<AuditReport> last = Optional.empty();
  private String lastFailure = "";

  /**
   * Creates it.
   *
   * @param audit lists and checks; throws KubernetesClientException where it cannot
   */
  public RepeatedAudit(
      Supplier<AuditReport> audit, AuditMetrics metrics, InstantSource clock, PrintWriter out) {
    this.audit = audit;
    this.metrics = metrics;
    this.clock = clock;
    this.out = out;
  }

  /** Checks once and prints what is found and what is gone since the last time. */
  public void check() {
    Instant now = clock.instant();
    AuditReport report;
    try {
      report = audit.get();
    } catch (KubernetesClientException e) {
      metrics.failed();
      String failure = String.valueOf(e.getMessage());
      if (!failure.equals(lastFailure)) {
        say(now, "cannot list nodes and pods, trying again: " + failure);
        lastFailure = failure;
      }
      return;
    }
    metrics.succeeded(report, now.toEpochMilli());
    List<Finding> before = last.map(AuditReport::findings).orElse(List.of());
    TreeSet<Finding> gone = new TreeSet<>(before);
    report.findings().forEach(gone::remove);
    TreeSet<Finding> found = new TreeSet<>(report.findings());
    before.forEach(found::remove);
    gone.forEach(finding -> say(now, "gone: " + finding.sentence()));
    found.forEach(finding -> say(now, "found: " + finding.sentence()));
    if (last.isEmpty() || !lastFailure.isEmpty() || !gone.isEmpty() || !found.isEmpty()) {
      say(now, report.summary());
    }
    lastFailure = "";
    last = Optional.of(report);
  }

  private void say(Instant now, String sentence) {
    out.println(now.truncatedTo(ChronoUnit.SECONDS) + " " + sentence);
    out.flush();
  }

  /** Returns what the last check that succeeded found, empty before the first. */
  public Optional<AuditReport> last() {
    return last;
  }
}
