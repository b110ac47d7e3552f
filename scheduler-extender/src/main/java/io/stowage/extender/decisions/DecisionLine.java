package io.stowage.extender.decisions;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A line of the log; each tells when it happened. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = DecisionLine.Begins.class, name = "begins"),
  @JsonSubTypes.Type(value = DecisionLine.Seen.class, name = "node"),
  @JsonSubTypes.Type(value = DecisionLine.NodeGone.class, name = "nodeGone"),
  @JsonSubTypes.Type(value = DecisionLine.Synced.class, name = "synced"),
  @JsonSubTypes.Type(value = DecisionLine.Waits.class, name = "waits"),
  @JsonSubTypes.Type(value = DecisionLine.Placed.class, name = "placed"),
  @JsonSubTypes.Type(value = DecisionLine.Filtered.class, name = "filter"),
  @JsonSubTypes.Type(value = DecisionLine.Bound.class, name = "bind"),
  @JsonSubTypes.Type(value = DecisionLine.Gone.class, name = "gone"),
  @JsonSubTypes.Type(value = DecisionLine.Lost.class, name = "lost"),
})
sealed interface DecisionLine {
  /** When it happened. */
  Instant at();

  /** The first line. */
  record Begins(Instant at, int form, String version, String policy) implements DecisionLine {
    static final int FORM = 1;
  }

  /** A node came or changed. */
  record Seen(Instant at, LoggedNode node) implements DecisionLine {}

  /** A node is gone. */
  record NodeGone(Instant at, String node) implements DecisionLine {}

  /** The cluster was listed: what stands before was there already. */
  record Synced(Instant at) implements DecisionLine {}

  /** A pod began to wait. */
  record Waits(Instant at, LoggedPod pod) implements DecisionLine {}

  /** A pod was found on a node. */
  record Placed(Instant at, LoggedPod pod, String node, List<Integer> gpuDevices)
      implements DecisionLine {}

  /**
   * A pod was offered nodes, best first, or refused.
   *
   * @param askedNodes how many nodes were asked about
   * @param refusedByReason how many of them were refused, by the reason
   */
  record Filtered(
      Instant at,
      LoggedPod pod,
      int askedNodes,
      List<String> offered,
      Map<String, Integer> refusedByReason)
      implements DecisionLine {}

  /**
   * A binding was written, or not.
   *
   * @param outcome {@code bound}, {@code notBound} or {@code inDoubt}
   * @param reason why it was not, empty otherwise
   */
  record Bound(
      Instant at, String uid, String node, List<Integer> gpuDevices, String outcome, String reason)
      implements DecisionLine {
    static final String BOUND = "bound";
    static final String NOT_BOUND = "notBound";
    static final String IN_DOUBT = "inDoubt";
  }

  /** A pod is gone. */
  record Gone(Instant at, String uid) implements DecisionLine {}

  /** So many lines are missing here. */
  record Lost(Instant at, long lines) implements DecisionLine {}
}
