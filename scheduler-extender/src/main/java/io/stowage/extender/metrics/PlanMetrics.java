package io.stowage.extender.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.stowage.core.plan.NodeRoom;
import io.stowage.core.plan.PlanRequest;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the planner does, told by the thread that plans. */
public final class PlanMetrics {
  private final MeterRegistry registry;
  private final Timer seconds;
  private final Counter plans;
  private final Counter failures;
  private final Map<Integer, AtomicInteger> zoneNodesByGpus = new ConcurrentHashMap<>();
  private volatile int pendingSlots;
  private volatile int forecastSlots;
  private volatile long begunNanos;
  private volatile boolean resting = true;

  /** Registers the metrics. */
  PlanMetrics(MeterRegistry registry) {
    this.registry = registry;
    seconds =
        Timer.builder("stowage.plan")
            .description("Time from a picture of the cluster to the plan made of it.")
            .register(registry);
    plans =
        Counter.builder("stowage.plans").description("Plans that were adopted.").register(registry);
    failures =
        Counter.builder("stowage.plan.failures")
            .description("Rounds of planning that failed.")
            .register(registry);
    Gauge.builder("stowage.plan.slots", () -> pendingSlots)
        .description("Slots of the last plan, by what they are for.")
        .tag("for", "pending")
        .register(registry);
    Gauge.builder("stowage.plan.slots", () -> forecastSlots)
        .description("Slots of the last plan, by what they are for.")
        .tag("for", "forecast")
        .register(registry);
    Gauge.builder("stowage.plan.age.seconds", this::ageSeconds)
        .description(
            "How old the picture is that the planner works on; 0 while there is nothing to gain.")
        .register(registry);
  }

  private double ageSeconds() {
    return resting ? 0 : (System.nanoTime() - begunNanos) / 1e9;
  }

  /** A round has begun, with a picture of the cluster. */
  public void begun(PlanRequest request) {
    begunNanos = System.nanoTime();
    resting = false;
    zoneNodesByGpus.values().forEach(nodes -> nodes.set(0));
    for (NodeRoom room : request.rooms()) {
      if (room.gpusKeptFor() > 0) {
        zoneNodesByGpus.computeIfAbsent(room.gpusKeptFor(), this::zoneGauge).incrementAndGet();
      }
    }
  }

  private AtomicInteger zoneGauge(int gpus) {
    AtomicInteger nodes = new AtomicInteger();
    Gauge.builder("stowage.zone.nodes", nodes::get)
        .description("Nodes that are kept for pods of so many GPUs.")
        .tag("gpus", Integer.toString(gpus))
        .register(registry);
    return nodes;
  }

  /** The round's plan was adopted. */
  public void adopted(StowagePlan plan) {
    seconds.record(Duration.ofNanos(System.nanoTime() - begunNanos));
    plans.increment();
    int pending = 0;
    int forecast = 0;
    for (List<Slot> slots : plan.slotsByNode().values()) {
      for (Slot slot : slots) {
        pending += slot.pending() ? 1 : 0;
        forecast += slot.pending() ? 0 : 1;
      }
    }
    pendingSlots = pending;
    forecastSlots = forecast;
  }

  /** The planner waits for a change. */
  public void resting() {
    resting = true;
  }

  /** A round failed. */
  public void failed() {
    failures.increment();
  }
}
