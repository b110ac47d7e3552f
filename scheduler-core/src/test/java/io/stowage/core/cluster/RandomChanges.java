package io.stowage.core.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Draws nodes and placements that change and contradict each other as a watch may tell them. */
public final class RandomChanges {
  public static final String GPU = "nvidia.com/gpu";
  public static final String GPU_MEMORY = "aliyun.com/gpu-mem";
  public static final String FPGA = "example.com/fpga";
  public static final List<String> RESOURCES = List.of(GPU, GPU_MEMORY, FPGA);

  private final SplittableRandom random;

  /** Draws from the given source alone. */
  public RandomChanges(SplittableRandom random) {
    this.random = random;
  }

  public String nodeName() {
    return "node-" + random.nextInt(6);
  }

  public String uid() {
    return "pod-" + random.nextInt(40);
  }

  public Node node(String name) {
    boolean empty = random.nextInt(5) == 0;
    return new Node(
        name,
        empty ? Resources.NONE : resources(64_000),
        empty ? 0 : random.nextInt(20),
        empty ? NodeGpus.NONE : gpus(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean());
  }

  private NodeGpus gpus() {
    String resource = random.nextBoolean() ? GPU : GPU_MEMORY;
    int count = random.nextInt(9);
    return switch (random.nextInt(4)) {
      case 0 -> NodeGpus.counted(resource, "T4", count);
      case 1 -> NodeGpus.shared(resource, "T4", count, 16);
      case 2 -> NodeGpus.NONE;
      default -> new NodeGpus(resource, random.nextBoolean(), unequal(count));
    };
  }

  private List<GpuDevice> unequal(int count) {
    List<GpuDevice> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(new GpuDevice(i, random.nextBoolean() ? "T4" : "A100", 16L * random.nextInt(4)));
    }
    return devices;
  }

  private Resources resources(int limit) {
    Map<String, Long> extended = new TreeMap<>();
    for (String resource : RESOURCES) {
      if (random.nextInt(3) == 0) {
        extended.put(resource, (long) random.nextInt(8));
      }
    }
    return Resources.of(
        random.nextInt(limit), random.nextInt(limit), random.nextInt(limit), extended);
  }

  public Placement placement() {
    Pod pod = new Pod(uid(), "ml", "train", shape(), random.nextInt(3));
    List<Integer> devices = new ArrayList<>();
    for (int left = random.nextInt(4); left > 0; left--) {
      devices.add(random.nextInt(12) - 1);
    }
    return new Placement(pod, nodeName(), devices);
  }

  public PodShape shape() {
    String resource = random.nextBoolean() ? GPU : GPU_MEMORY;
    GpuRequest gpu =
        switch (random.nextInt(4)) {
          case 0 -> GpuRequest.NONE;
          case 1 -> GpuRequest.whole(resource, 1 + random.nextInt(8));
          default -> GpuRequest.share(resource, 1 + random.nextInt(40));
        };
    return PodShape.of(resources(16_000), gpu);
  }
}
