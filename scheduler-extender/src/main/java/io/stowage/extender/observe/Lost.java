package io.stowage.extender.observe;

import io.stowage.extender.explain.Amounts;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What stranded GPU costs a day, were the cluster to stay as it is, and whose requests hold the
 * rest. Money counts priced nodes alone.
 *
 * @param currency the currency, empty where there are no prices
 * @param unpricedGpuMilli the capacity that has no price
 * @param byCause what is stranded, every cause present
 * @param usable what is free and would serve a pod
 * @param teams what is requested, the most first
 */
public record Lost(
    String currency,
    long unpricedGpuMilli,
    Map<LostCause, PerDay> byCause,
    PerDay usable,
    List<Team> teams) {

  /** Copies the collections. */
  public Lost {
    Map<LostCause, PerDay> copy = new EnumMap<>(LostCause.class);
    copy.putAll(byCause);
    byCause = Collections.unmodifiableMap(copy);
    teams = List.copyOf(teams);
  }

  /**
   * GPU over a day.
   *
   * @param gpuHours GPU-hours
   * @param money what they cost, as far as they have a price
   */
  public record PerDay(double gpuHours, double money) {
    /** Nothing. */
    public static final PerDay NONE = new PerDay(0, 0);

    private static final double HOURS = 24;

    /** Returns what GPU comes to in a day. */
    static PerDay of(long gpuMilli, double pricePerGpuHour) {
      double gpuHours = HOURS * Amounts.gpus(gpuMilli);
      return new PerDay(gpuHours, gpuHours * pricePerGpuHour);
    }

    /** Returns the sum of both. */
    public PerDay plus(PerDay other) {
      return new PerDay(gpuHours + other.gpuHours, money + other.money);
    }
  }

  /**
   * The requests of a namespace, or of the pods with one value of a label.
   *
   * @param name the namespace or value; empty for pods without the label
   * @param requestedGpuMilli what its running pods hold of the nodes that count as capacity
   * @param waitingGpuMilli what its waiting pods ask for
   * @param requested what the running ones come to in a day
   */
  public record Team(String name, long requestedGpuMilli, long waitingGpuMilli, PerDay requested) {}

  /** Returns all that is stranded. */
  public PerDay total() {
    return byCause.values().stream().reduce(PerDay.NONE, PerDay::plus);
  }
}
