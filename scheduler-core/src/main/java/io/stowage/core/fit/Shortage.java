package io.stowage.core.fit;

import java.util.List;

/** One reason why a pod does not fit a node. */
public sealed interface Shortage {

  /** Returns a sentence with figures, such as {@code cpu: asked 3200, free 1500 milli-cores}. */
  String describe();

  /**
   * A resource counted as a sum of which the node has too little left.
   *
   * @param resource the resource's name
   * @param asked what the pod asks for
   * @param free what is left, less than {@code asked}
   * @param unit the unit of both
   */
  record Insufficient(String resource, long asked, long free, String unit) implements Shortage {
    @Override
    public String describe() {
      return resource + ": asked " + asked + ", free " + free + " " + unit;
    }
  }

  /**
   * The node's GPUs have too little left in total.
   *
   * <p>Shares are counted in the sharing protocol's unit; whole GPUs in milli-GPU where devices are
   * visible, else in GPUs.
   *
   * @param resource the resource that GPUs are advertised as
   * @param asked what the pod asks for in total
   * @param free what is left in total on GPUs of an accepted model, less than {@code asked}
   * @param unit the unit of both
   */
  record InsufficientGpu(String resource, long asked, long free, String unit) implements Shortage {
    @Override
    public String describe() {
      return resource + ": asked " + asked + ", free in total " + free + " " + unit;
    }
  }

  /**
   * The node's GPUs have enough left in total, but too few single GPUs have what is asked of each.
   *
   * @param resource the resource that GPUs are advertised as
   * @param askedGpus how many GPUs the pod asks for
   * @param askedPerGpu what it asks of each
   * @param gpusWithEnough how many have that, less than {@code askedGpus}
   * @param largestFree the most that any single GPU has left
   * @param unit the unit of the amounts on a GPU
   */
  record FragmentedGpu(
      String resource,
      int askedGpus,
      long askedPerGpu,
      int gpusWithEnough,
      long largestFree,
      String unit)
      implements Shortage {
    @Override
    public String describe() {
      return resource
          + ": asked "
          + askedPerGpu
          + " on each of "
          + askedGpus
          + ", enough free in total but only "
          + gpusWithEnough
          + " single GPUs with that, the largest with "
          + largestFree
          + " "
          + unit;
    }
  }

  /**
   * The node has GPUs, none of a model that the pod accepts.
   *
   * @param accepted the models that the pod accepts
   * @param found the models on the node
   */
  record WrongGpuModel(List<String> accepted, List<String> found) implements Shortage {
    /** Copies both lists. */
    public WrongGpuModel {
      accepted = List.copyOf(accepted);
      found = List.copyOf(found);
    }

    @Override
    public String describe() {
      return "gpu model: asked "
          + String.join(" or ", accepted)
          + ", found "
          + String.join(", ", found);
    }
  }

  /** The node itself is not known, only pods on it. */
  record UnknownNode() implements Shortage {
    @Override
    public String describe() {
      return "node not known yet";
    }
  }
}
