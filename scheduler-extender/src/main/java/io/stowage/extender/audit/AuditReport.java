package io.stowage.extender.audit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an audit found.
 *
 * @param nodes how many nodes were checked
 * @param pods how many pods on them were checked
 * @param podsElsewhere how many pods are bound to nodes that are not among those listed; only what
 *     they say of themselves was checked
 * @param findings what is wrong, sorted
 */
public record AuditReport(int nodes, int pods, int podsElsewhere, List<Finding> findings) {

  /** Sorts and copies {@code findings}. */
  public AuditReport {
    findings = findings.stream().sorted().toList();
  }

  /** Tells whether nothing is wrong. */
  public boolean isClean() {
    return findings.isEmpty();
  }

  /** Returns how many findings there are of each kind, those of 0 included. */
  public Map<Finding.Kind, Integer> countByKind() {
    Map<Finding.Kind, Integer> counts = new LinkedHashMap<>();
    for (Finding.Kind kind : Finding.Kind.values()) {
      counts.put(kind, 0);
    }
    findings.forEach(finding -> counts.merge(finding.kind(), 1, Integer::sum));
    return counts;
  }

  /** Returns one line that says what was checked and what came of it. */
  public String summary() {
    return "%s: %d nodes and %d pods on them checked%s"
        .formatted(
            switch (findings.size()) {
              case 0 -> "clean";
              case 1 -> "1 finding";
              default -> findings.size() + " findings";
            },
            nodes,
            pods,
            podsElsewhere == 0 ? "" : "; " + podsElsewhere + " pods on nodes that are not listed");
  }
}
