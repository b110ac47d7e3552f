package io.stowage.extender.state;

import java.time.Duration;

/**
 * A pod that a node refused, and what follows for the node.
 *
 * @param nodeName the node
 * @param gpu the index of the GPU that is blamed, {@link #NO_GPU} where it is the node
 * @param kind what kind of refusal it was
 * @param reason the reason as the kubelet or the API server gave it
 * @param avoidedFor how long the node, or the GPU, is the last choice of all pods from now on; zero
 *     where this refusal changes nothing
 */
public record NodeRefusal(String nodeName, int gpu, Kind kind, String reason, Duration avoidedFor) {

  /** What {@link #gpu} is where no GPU is blamed. */
  public static final int NO_GPU = -1;

  /** The kinds of refusals that are told apart. */
  public enum Kind {
    /** The kubelet's admission failed, as where a device plugin does not give its device. */
    ADMISSION("UnexpectedAdmissionError"),
    /** The kubelet could not align the pod's resources. */
    TOPOLOGY("TopologyAffinityError"),
    /** The kubelet counted that something is out. */
    OUT_OF_RESOURCE("OutOf"),
    /** The API server accepted no binding to the node, while it did to others. */
    BIND("BindFailed"),
    /** The kubelet gave another reason. */
    OTHER("Other");

    private final String key;

    Kind(String key) {
      this.key = key;
    }

    /** Returns how metrics call it. */
    public String key() {
      return key;
    }

    /** Returns the kind that a kubelet's reason is of. */
    static Kind of(String reason) {
      if (reason.startsWith(OUT_OF_RESOURCE.key)) {
        return OUT_OF_RESOURCE;
      }
      for (Kind kind : new Kind[] {ADMISSION, TOPOLOGY}) {
        if (kind.key.equals(reason)) {
          return kind;
        }
      }
      return OTHER;
    }
  }
}
