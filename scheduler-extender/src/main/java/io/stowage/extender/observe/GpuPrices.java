package io.stowage.extender.observe;

import java.util.Map;
import java.util.OptionalDouble;

/**
 * What nodes cost an hour.
 *
 * @param currency the currency of the prices, empty where there are none
 * @param nodeHour the price of a node an hour, by instance type
 * @param gpuHour the price of a GPU an hour, its node included, by model
 */
public record GpuPrices(
    String currency, Map<String, Double> nodeHour, Map<String, Double> gpuHour) {
  /** No prices. */
  public static final GpuPrices NONE = new GpuPrices("", Map.of(), Map.of());

  /** Copies the maps; throws IllegalArgumentException where a price is negative. */
  public GpuPrices {
    nodeHour = Map.copyOf(nodeHour);
    gpuHour = Map.copyOf(gpuHour);
    nodeHour.forEach((name, price) -> requirePrice("nodeHour." + name, price));
    gpuHour.forEach((name, price) -> requirePrice("gpuHour." + name, price));
  }

  private static void requirePrice(String name, double price) {
    if (!(price >= 0) || Double.isInfinite(price)) {
      throw new IllegalArgumentException(name + ": expected a price of at least 0, was " + price);
    }
  }

  /** Tells whether there are any. */
  public boolean isEmpty() {
    return nodeHour.isEmpty() && gpuHour.isEmpty();
  }

  /**
   * Returns what one GPU of a node costs an hour: its part of the node's price, else the price of
   * its model; empty where neither is known.
   */
  OptionalDouble perGpuHour(KnownNode node) {
    int gpus = node.node().gpus().devices().size();
    Double ofNode = nodeHour.get(node.instanceType());
    if (ofNode != null && gpus > 0) {
      return OptionalDouble.of(ofNode / gpus);
    }
    Double ofGpu = gpuHour.get(node.gpuModel());
    return ofGpu == null ? OptionalDouble.empty() : OptionalDouble.of(ofGpu);
  }

  /** Returns what a node costs an hour, its GPUs' prices where it has none of its own. */
  OptionalDouble perNodeHour(KnownNode node) {
    Double ofNode = nodeHour.get(node.instanceType());
    int gpus = node.node().gpus().devices().size();
    if (ofNode != null) {
      return OptionalDouble.of(ofNode);
    }
    OptionalDouble perGpu = perGpuHour(node);
    return gpus == 0 || perGpu.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(perGpu.getAsDouble() * gpus);
  }
}
