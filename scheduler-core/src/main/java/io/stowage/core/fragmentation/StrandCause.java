package io.stowage.core.fragmentation;

/** Why no pod can use a piece of free GPU now. */
public enum StrandCause {
  /** Every pod that the GPU could serve lacks CPU on the node. */
  NO_CPU("noCpu"),
  /** Every pod that the GPU could serve and that has the CPU lacks memory on the node. */
  NO_MEMORY("noMemory"),
  /** The piece, or the number of such GPUs on the node, is less than any pod asks for. */
  FRAGMENT_TOO_SMALL("fragmentTooSmall"),
  /** No pod that asks for so little accepts the model. */
  WRONG_MODEL("wrongModel"),
  /** Another resource of the node is short, such as pods or ephemeral storage. */
  OTHER("other");

  private final String key;

  StrandCause(String key) {
    this.key = key;
  }

  /** Returns the name of the cause in JSON, tables and metrics. */
  public String key() {
    return key;
  }
}
