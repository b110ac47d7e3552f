package io.stowage.extender.audit;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Something that is wrong in a cluster. Findings are ordered by node, pod, kind and sentence. */
public sealed interface Finding extends Comparable<Finding> {

  /** What is wrong. */
  enum Kind {
    /** More was given out of a node than it has. */
    NODE_OVERCOMMITTED,
    /**
     * The same, where it may come right by itself: the node is not ready, or devices that it had
     * are missing at the moment.
     */
    NODE_OVERCOMMITTED_FOR_NOW,
    /** Pods' annotations give out more of a card than it has. */
    CARD_OVERCOMMITTED,
    /** More of a card was truly given to containers than it has. */
    CARD_OVERCOMMITTED_IN_TRUTH,
    /** A pod with a share of a GPU says on no annotation which; another scheduler bound it. */
    NO_DEVICE,
    /** A pod names a device that its node does not have, or none by number. */
    UNKNOWN_DEVICE,
    /** A pod names a device and asks for no share of one. */
    DEVICE_NOT_ASKED,
    /** A pod's annotation tells another amount than the pod asks for. */
    AMOUNT_DIFFERS,
    /** A pod's annotation tells another size of its card than the node does. */
    CARD_SIZE_DIFFERS,
    /** A pod with a share of a GPU is on a node that shares none. */
    NO_SHARED_GPUS,
    /** Several containers of a pod ask for shares, of which the device plugin can match none. */
    SEVERAL_CONTAINERS,
    /** Pods of one amount wait for different cards, and the device plugin may swap them. */
    MAY_BE_SWAPPED,
    /** The device that a pod was truly given is not the one on its annotation. */
    GIVEN_DIFFERS,
    /** An object cannot be understood and could not be checked. */
    UNREADABLE;

    /** Returns its name in JSON and metrics, such as {@code node_overcommitted}. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Returns what is wrong. */
  Kind kind();

  /** Returns the node's name, empty where it is about none. */
  String node();

  /** Returns the pod as {@code namespace/name}, empty where it is about none or many. */
  String pod();

  /** Returns the resource, empty where it is about none. */
  String resource();

  /** Returns what is asked for, in the resource's base unit: cores, bytes, or a number. */
  String asked();

  /** Returns what there is, or what is written, in the same unit; empty where there is nothing. */
  String has();

  /** Returns one sentence about it. */
  String sentence();

  @Override
  default int compareTo(Finding other) {
    return Comparator.comparing(Finding::node)
        .thenComparing(Finding::pod)
        .thenComparing(Finding::kind)
        .thenComparing(Finding::sentence)
        .compare(this, other);
  }

  /**
   * More given out of a node than it has.
   *
   * @param pods how many pods ask for it
   * @param whyForNow why it may come right by itself, empty where it will not
   */
  record NodeOvercommitted(
      String node,
      String resource,
      BigDecimal askedAmount,
      BigDecimal allocatable,
      long pods,
      String whyForNow)
      implements Finding {
    @Override
    public Kind kind() {
      return whyForNow.isEmpty() ? Kind.NODE_OVERCOMMITTED : Kind.NODE_OVERCOMMITTED_FOR_NOW;
    }

    @Override
    public String pod() {
      return "";
    }

    @Override
    public String asked() {
      return askedAmount.toPlainString();
    }

    @Override
    public String has() {
      return allocatable.toPlainString();
    }

    @Override
    public String sentence() {
      return "node %s: %s: %s asked by %d %s, allocatable %s%s"
          .formatted(
              node,
              resource,
              Amounts.text(resource, askedAmount),
              pods,
              pods == 1 ? "pod" : "pods",
              Amounts.text(resource, allocatable),
              whyForNow.isEmpty() ? "" : " (for now: " + whyForNow + ")");
    }
  }

  /**
   * More given out of a card than it has, in the protocol's own unit.
   *
   * @param pods those on the card
   * @param inTruth whether by the record of what was given, not by annotations
   */
  record CardOvercommitted(
      String node,
      int card,
      BigDecimal askedUnits,
      BigDecimal cardUnits,
      List<String> pods,
      boolean inTruth)
      implements Finding {
    /** Copies {@code pods}. */
    public CardOvercommitted {
      pods = List.copyOf(pods);
    }

    @Override
    public Kind kind() {
      return inTruth ? Kind.CARD_OVERCOMMITTED_IN_TRUTH : Kind.CARD_OVERCOMMITTED;
    }

    @Override
    public String pod() {
      return "";
    }

    @Override
    public String resource() {
      return Gpushare.MEMORY;
    }

    @Override
    public String asked() {
      return askedUnits.toPlainString();
    }

    @Override
    public String has() {
      return cardUnits.toPlainString();
    }

    @Override
    public String sentence() {
      return "node %s: card %d: %s units of %s %s to %s, it has %s"
          .formatted(
              node,
              card,
              asked(),
              resource(),
              inTruth ? "truly given" : "given",
              String.join(", ", pods),
              has());
    }
  }

  /**
   * A pod's annotations contradict its node or itself.
   *
   * @param what the contradiction, to be read after the pod's name
   */
  record PodContradiction(Kind kind, String node, String pod, String asked, String has, String what)
      implements Finding {
    @Override
    public String resource() {
      return Gpushare.MEMORY;
    }

    @Override
    public String sentence() {
      return "pod %s on node %s: %s".formatted(pod, node, what);
    }
  }

  /**
   * An object that cannot be understood.
   *
   * @param why the field and what was expected of it
   */
  record Unreadable(String node, String pod, String why) implements Finding {
    @Override
    public Kind kind() {
      return Kind.UNREADABLE;
    }

    @Override
    public String resource() {
      return "";
    }

    @Override
    public String asked() {
      return "";
    }

    @Override
    public String has() {
      return "";
    }

    @Override
    public String sentence() {
      return (pod.isEmpty() ? "node " + node : "pod " + pod + " on node " + node)
          + ": cannot be understood, not checked: "
          + why;
    }
  }
}
