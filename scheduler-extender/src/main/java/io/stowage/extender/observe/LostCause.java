package io.stowage.extender.observe;

import io.stowage.core.fragmentation.StrandCause;

/** Why free GPU is of use to nobody now. */
public enum LostCause {
  /** See {@link StrandCause#NO_CPU}. */
  NO_CPU("noCpu", "no CPU left beside it"),
  /** See {@link StrandCause#NO_MEMORY}. */
  NO_MEMORY("noMemory", "no memory left beside it"),
  /** See {@link StrandCause#FRAGMENT_TOO_SMALL}. */
  FRAGMENT_TOO_SMALL("fragmentTooSmall", "fragment too small"),
  /** See {@link StrandCause#WRONG_MODEL}. */
  WRONG_MODEL("wrongModel", "wrong model"),
  /**
   * The GPU would serve smaller pods, but those that wait and would take it ask for more such GPUs
   * than are free on the node.
   */
  LARGE_SHAPE_BLOCKED("largeShapeBlocked", "large shape blocked"),
  /** The node is cordoned. */
  CORDONED("cordoned", "node cordoned"),
  /** Another resource is short, or taints and selectors keep all pods away. */
  OTHER("other", "other resource, taint or selector");

  private final String key;
  private final String text;

  LostCause(String key, String text) {
    this.key = key;
    this.text = text;
  }

  /** Returns the name of the cause in JSON and CSV. */
  public String key() {
    return key;
  }

  /** Returns the cause for people. */
  public String text() {
    return text;
  }

  static LostCause of(StrandCause cause) {
    return switch (cause) {
      case NO_CPU -> NO_CPU;
      case NO_MEMORY -> NO_MEMORY;
      case FRAGMENT_TOO_SMALL -> FRAGMENT_TOO_SMALL;
      case WRONG_MODEL -> WRONG_MODEL;
      case OTHER -> OTHER;
    };
  }
}
