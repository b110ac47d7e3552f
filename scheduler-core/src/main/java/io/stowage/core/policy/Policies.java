package io.stowage.core.policy;

import io.stowage.core.fragmentation.TypicalPods;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The placement policies by the names that users choose them by. */
public final class Policies {
  private static final Map<String, Function<TypicalPods, PlacementPolicy>> BY_NAME =
      new LinkedHashMap<>();

  static {
    BY_NAME.put("random", typical -> new RandomPlacement());
    BY_NAME.put("least-allocated", typical -> KubeSchedulerScore.leastAllocated());
    BY_NAME.put("most-allocated", typical -> KubeSchedulerScore.mostAllocated());
    BY_NAME.put("best-fit", typical -> new BestFit());
    BY_NAME.put("dot-product", typical -> new DotProduct());
    BY_NAME.put("gpu-packing", typical -> new GpuPacking());
    BY_NAME.put("gpu-clustering", typical -> new GpuClustering());
    BY_NAME.put("fgd", FragmentationGradient::new);
    BY_NAME.put("stowage", typical -> new StowagePolicy());
  }

  private Policies() {}

  /** Returns the names of all policies. */
  public static List<String> names() {
    return Collections.unmodifiableList(List.copyOf(BY_NAME.keySet()));
  }

  /**
   * Returns a new policy.
   *
   * @param typical the workload's typical pods, for the policy that is given them beforehand
   * @throws IllegalArgumentException for a name that no policy has
   */
  public static PlacementPolicy create(String name, TypicalPods typical) {
    Function<TypicalPods, PlacementPolicy> constructor = BY_NAME.get(name);
    if (constructor == null) {
      throw new IllegalArgumentException(
          "no placement policy is called '" + name + "'; there are " + String.join(", ", names()));
    }
    return constructor.apply(typical);
  }
}
