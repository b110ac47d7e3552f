package io.stowage.extender.observe;

import io.stowage.core.cluster.PodShape;
import io.stowage.extender.explain.Amounts;
import io.stowage.extender.explain.Missing;
import io.stowage.extender.explain.NodesByMissing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A pod that waits, whether it would fit, and if not, what would make room.
 *
 * @param namespace its namespace
 * @param name its name
 * @param priority its priority
 * @param shape what it asks for
 * @param unseenRules whether rules that are not looked at have a say in where it may be
 * @param outcome what the plan has for it
 */
public record WaitingPod(
    String namespace,
    String name,
    int priority,
    PodShape shape,
    boolean unseenRules,
    Outcome outcome) {

  /** What the plan has for a waiting pod. */
  public sealed interface Outcome {}

  /**
   * There is room for it.
   *
   * @param node where the plan puts it
   * @param gpuDevices the indices of the GPUs it would get there, empty where they are not visible
   */
  public record Fits(String node, List<Integer> gpuDevices) implements Outcome {
    /** Copies {@code gpuDevices}. */
    public Fits {
      gpuDevices = List.copyOf(gpuDevices);
    }
  }

  /**
   * There is no room for it beside the pods that run and those that the plan places.
   *
   * @param nodesByMissing how many nodes are short of what; adds up to all nodes
   * @param ending the pods that would have to end, empty where that would not help
   * @param newNode a node to add, empty where none of the cluster's types could hold it
   */
  public record NoRoom(
      Map<Missing, Integer> nodesByMissing, Optional<Ending> ending, Optional<NodeTypeName> newNode)
      implements Outcome {
    /** Copies the map. */
    public NoRoom {
      EnumMap<Missing, Integer> copy = new EnumMap<>(Missing.class);
      copy.putAll(nodesByMissing);
      nodesByMissing = Collections.unmodifiableMap(copy);
    }
  }

  /**
   * Pods of one node, of no higher priority, whose end would make room.
   *
   * @param node the node
   * @param pods namespace and name of each
   * @param fewest whether no fewer pods of any node would do; else a search was cut short
   */
  public record Ending(String node, List<String> pods, boolean fewest) {
    /** Copies {@code pods}. */
    public Ending {
      pods = List.copyOf(pods);
    }
  }

  /**
   * A kind of node that the cluster has.
   *
   * @param type instance type, or what it has where no label tells
   * @param pool its pool
   */
  public record NodeTypeName(String type, String pool) {
    /** Returns the type with its pool. */
    public String text() {
      return type.equals(pool) ? type : type + " (pool " + pool + ")";
    }
  }

  /** Returns namespace and name. */
  public String fullName() {
    return namespace + "/" + name;
  }

  /** Tells whether there is room for it. */
  public boolean fits() {
    return outcome instanceof Fits;
  }

  /** Returns what would make room, in words; empty where there is room or nothing would. */
  public String room() {
    return outcome instanceof NoRoom noRoom ? String.join(" or ", remedies(noRoom)) : "";
  }

  /** Returns one sentence for people. */
  public String sentence() {
    StringBuilder sentence = new StringBuilder("needs " + Amounts.request(shape, 0) + ": ");
    if (outcome instanceof Fits fits) {
      sentence.append("would fit on ").append(fits.node());
    } else if (outcome instanceof NoRoom noRoom) {
      sentence
          .append(NodesByMissing.sentence(noRoom.nodesByMissing(), shape))
          .append("; ")
          .append(remedy(noRoom));
    }
    return sentence
        .append(
            unseenRules ? "; its affinity, spreading, volumes, ports or claims not looked at" : "")
        .toString();
  }

  private static String remedy(NoRoom noRoom) {
    List<String> remedies = remedies(noRoom);
    return remedies.isEmpty()
        ? "no node type of this cluster could hold it, nor would the end of other pods help"
        : "room by " + String.join(" or ", remedies);
  }

  private static List<String> remedies(NoRoom noRoom) {
    List<String> remedies = new ArrayList<>();
    noRoom
        .ending()
        .ifPresent(
            ending ->
                remedies.add(
                    "the end of "
                        + String.join(", ", ending.pods())
                        + " on "
                        + ending.node()
                        + (ending.fewest() ? "" : " (perhaps fewer)")));
    noRoom.newNode().ifPresent(type -> remedies.add("one more node of " + type.text()));
    return remedies;
  }
}
