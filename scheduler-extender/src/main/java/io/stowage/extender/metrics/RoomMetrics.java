package io.stowage.extender.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.Collection;
import java.util.List;

/** What would make room, told by the thread that finds it; nothing is shown before. */
public final class RoomMetrics {
  private final MultiGauge wantedNodes;
  private final MultiGauge unplaceablePods;
  private final MultiGauge emptiableNodes;

  /**
   * How many nodes of a kind are wanted.
   *
   * @param type its type
   * @param pool its pool
   * @param nodes how many at most
   */
  public record Wanted(String type, String pool, int nodes) {}

  /** Registers the metrics. */
  RoomMetrics(MeterRegistry registry) {
    wantedNodes =
        MultiGauge.builder("stowage.room.wanted.nodes")
            .description("New nodes of a kind for the waiting pods that do not fit, at most.")
            .register(registry);
    unplaceablePods =
        MultiGauge.builder("stowage.room.unplaceable.pods")
            .description("Waiting pods that no kind of node could hold.")
            .register(registry);
    emptiableNodes =
        MultiGauge.builder("stowage.nodes.emptiable")
            .description("Nodes that could go, one after the other: their pods fit elsewhere.")
            .register(registry);
  }

  /**
   * Sets what is shown.
   *
   * @param wanted the kinds of node there are, each once
   */
  public void found(Collection<Wanted> wanted, int unplaceable, int emptiable) {
    wantedNodes.register(
        wanted.stream()
            .<MultiGauge.Row<?>>map(
                kind ->
                    MultiGauge.Row.of(
                        Tags.of("type", kind.type(), "pool", kind.pool()), kind.nodes()))
            .toList(),
        true);
    unplaceablePods.register(List.of(MultiGauge.Row.of(Tags.empty(), unplaceable)), true);
    emptiableNodes.register(List.of(MultiGauge.Row.of(Tags.empty(), emptiable)), true);
  }

  /** Shows nothing until something is found again. */
  public void unknown() {
    wantedNodes.register(List.of(), true);
    unplaceablePods.register(List.of(), true);
    emptiableNodes.register(List.of(), true);
  }
}
