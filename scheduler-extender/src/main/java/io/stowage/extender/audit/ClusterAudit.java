package io.stowage.extender.audit;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.audit.Finding.Kind;
import io.stowage.extender.kube.InvalidObjectException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Checks that nothing in a cluster was given out twice, from its objects alone.
 *
 * <p>What counts is every pod that is on a node and has not ended, whoever bound it. Each node is
 * added up resource by resource as the kubelet does, and each shared card by the gpushare
 * protocol's annotations.
 */
public final class ClusterAudit {
  private final Map<String, AuditedNode> nodes = new HashMap<>();
  private final Map<String, List<AuditedPod>> podsByNode = new TreeMap<>();
  private final List<Finding> findings = new ArrayList<>();
  private final @Nullable String givenAnnotation;

  private ClusterAudit(@Nullable String givenAnnotation) {
    this.givenAnnotation = givenAnnotation;
  }

  /**
   * Checks a cluster.
   *
   * @param givenAnnotation the annotation on pods that tells which device the pod was truly given,
   *     an index or {@code none}; null where there is no such record
   */
  public static AuditReport of(
      Collection<Node> nodes, Collection<Pod> pods, @Nullable String givenAnnotation) {
    ClusterAudit audit = new ClusterAudit(givenAnnotation);
    nodes.forEach(audit::add);
    pods.forEach(audit::add);
    return audit.report(nodes.size());
  }

  private void add(Node node) {
    try {
      AuditedNode read = AuditedNode.read(node);
      nodes.put(read.name(), read);
    } catch (InvalidObjectException e) {
      findings.add(
          new Finding.Unreadable(node.getMetadata().getName(), "", String.valueOf(e.getMessage())));
    }
  }

  private void add(Pod pod) {
    String node = AuditedPod.nodeOf(pod);
    if (node.isEmpty()) {
      return;
    }
    try {
      podsByNode.computeIfAbsent(node, name -> new ArrayList<>()).add(AuditedPod.read(pod));
    } catch (InvalidObjectException e) {
      findings.add(
          new Finding.Unreadable(node, AuditedPod.nameOf(pod), String.valueOf(e.getMessage())));
    }
  }

  private AuditReport report(int nodeCount) {
    int onNodes = 0;
    int elsewhere = 0;
    for (Map.Entry<String, List<AuditedPod>> entry : podsByNode.entrySet()) {
      AuditedNode node = nodes.get(entry.getKey());
      List<AuditedPod> pods = entry.getValue();
      pods.forEach(pod -> checkAnnotations(pod, node));
      checkSwapping(entry.getKey(), pods);
      if (node == null) {
        elsewhere += pods.size();
      } else {
        onNodes += pods.size();
        checkSums(node, pods);
        checkCards(node, pods);
      }
    }
    return new AuditReport(nodeCount, onNodes, elsewhere, findings);
  }

  private void checkSums(AuditedNode node, List<AuditedPod> pods) {
    Map<String, BigDecimal> asked = new TreeMap<>();
    Map<String, Long> asking = new HashMap<>();
    for (AuditedPod pod : pods) {
      pod.requests()
          .forEach(
              (resource, amount) -> {
                asked.merge(resource, amount, BigDecimal::add);
                asking.merge(resource, amount.signum() > 0 ? 1L : 0L, Long::sum);
              });
    }
    asked.forEach(
        (resource, amount) -> {
          BigDecimal allocatable = node.allocatable(resource);
          if (amount.compareTo(allocatable) > 0) {
            findings.add(
                new Finding.NodeOvercommitted(
                    node.name(),
                    resource,
                    amount,
                    allocatable,
                    asking.getOrDefault(resource, 0L),
                    node.whyForNow(resource, amount)));
          }
        });
  }

  /** What pods were given of one card. */
  private static final class Card {
    private BigDecimal units = BigDecimal.ZERO;
    private final List<String> pods = new ArrayList<>();

    void give(AuditedPod pod) {
      units = units.add(pod.units());
      pods.add(pod.name());
    }
  }

  private void checkCards(AuditedNode node, List<AuditedPod> pods) {
    AuditedNode.Cards cards = node.cards().orElse(null);
    if (cards == null) {
      return;
    }
    Map<Integer, Card> annotated = new TreeMap<>();
    Map<Integer, Card> given = new TreeMap<>();
    for (AuditedPod pod : pods) {
      pod.index(Gpushare.DEVICE)
          .ifPresent(card -> annotated.computeIfAbsent(card, index -> new Card()).give(pod));
      if (givenAnnotation != null) {
        pod.index(givenAnnotation)
            .ifPresent(card -> given.computeIfAbsent(card, index -> new Card()).give(pod));
      }
    }
    annotated.forEach((card, use) -> checkCard(node, card, use, cards, false));
    given.forEach(
        (card, use) -> {
          Card alike = annotated.get(card);
          if (alike == null || !alike.pods.equals(use.pods)) {
            checkCard(node, card, use, cards, true);
          }
        });
  }

  private void checkCard(
      AuditedNode node, int index, Card use, AuditedNode.Cards cards, boolean inTruth) {
    boolean exists = BigDecimal.valueOf(index).compareTo(cards.count()) < 0;
    if (exists && use.units.compareTo(cards.units()) > 0) {
      findings.add(
          new Finding.CardOvercommitted(
              node.name(), index, use.units, cards.units(), use.pods, inTruth));
    }
  }

  private void checkAnnotations(AuditedPod pod, @Nullable AuditedNode node) {
    boolean shares = pod.units().signum() > 0;
    String device = pod.annotation(Gpushare.DEVICE);
    if (shares) {
      checkShare(pod, node, device);
    } else if (device != null) {
      contradiction(
          Kind.DEVICE_NOT_ASKED,
          pod,
          "0",
          device,
          "it says device " + device + " and asks for no " + Gpushare.MEMORY);
    }
    String units = pod.annotation(Gpushare.POD_UNITS);
    if (units != null && !isNumber(units, pod.units())) {
      contradiction(
          Kind.AMOUNT_DIFFERS,
          pod,
          pod.units().toPlainString(),
          units,
          "it asks for %s units and says %s in %s"
              .formatted(pod.units().toPlainString(), units, Gpushare.POD_UNITS));
    }
    checkGiven(pod, device);
  }

  private void checkShare(AuditedPod pod, @Nullable AuditedNode node, @Nullable String device) {
    String asked = pod.units().toPlainString();
    if (pod.sharingContainers() > 1) {
      contradiction(
          Kind.SEVERAL_CONTAINERS,
          pod,
          asked,
          "",
          "%d of its containers ask for %s, and the device plugin matches none"
              .formatted(pod.sharingContainers(), Gpushare.MEMORY));
    }
    if (node != null && !node.sharesGpus()) {
      contradiction(
          Kind.NO_SHARED_GPUS,
          pod,
          asked,
          "",
          "it asks for %s units of %s and the node shares no GPU"
              .formatted(asked, Gpushare.MEMORY));
    } else if (device == null) {
      contradiction(
          Kind.NO_DEVICE,
          pod,
          asked,
          "",
          "it asks for %s units and says no device in %s".formatted(asked, Gpushare.DEVICE));
    } else if (pod.index(Gpushare.DEVICE).isEmpty()) {
      contradiction(
          Kind.UNKNOWN_DEVICE,
          pod,
          device,
          "",
          "it says '%s' in %s, expected an index".formatted(device, Gpushare.DEVICE));
    } else if (node != null && node.cards().isPresent()) {
      checkDevice(pod, node.cards().orElseThrow(), device);
    }
  }

  private void checkDevice(AuditedPod pod, AuditedNode.Cards cards, String device) {
    if (new BigDecimal(device).compareTo(cards.count()) >= 0) {
      contradiction(
          Kind.UNKNOWN_DEVICE,
          pod,
          device,
          cards.count().toPlainString(),
          "it says device %s and the node has %s".formatted(device, cards.count()));
    }
    String size = pod.annotation(Gpushare.DEVICE_UNITS);
    if (size != null && !isNumber(size, cards.units())) {
      contradiction(
          Kind.CARD_SIZE_DIFFERS,
          pod,
          cards.units().toPlainString(),
          size,
          "it says %s in %s and the node's cards have %s units"
              .formatted(size, Gpushare.DEVICE_UNITS, cards.units()));
    }
  }

  private void checkGiven(AuditedPod pod, @Nullable String device) {
    String given = givenAnnotation == null ? null : pod.annotation(givenAnnotation);
    if (given == null || device == null) {
      return;
    }
    boolean alike =
        pod.index(String.valueOf(givenAnnotation)).isPresent()
            && pod.index(String.valueOf(givenAnnotation)).equals(pod.index(Gpushare.DEVICE));
    if (!alike) {
      contradiction(
          Kind.GIVEN_DIFFERS,
          pod,
          device,
          given,
          "it says device %s and was truly given %s".formatted(device, given));
    }
  }

  /** Finds pods that wait for different cards with one amount, which is all the plugin is told. */
  private void checkSwapping(String node, List<AuditedPod> pods) {
    Map<BigDecimal, List<AuditedPod>> waiting = new TreeMap<>();
    for (AuditedPod pod : pods) {
      if (pod.units().signum() > 0
          && pod.index(Gpushare.DEVICE).isPresent()
          && !"true".equals(pod.annotation(Gpushare.ASSIGNED))
          && (givenAnnotation == null || pod.annotation(givenAnnotation) == null)) {
        waiting.computeIfAbsent(pod.units(), units -> new ArrayList<>()).add(pod);
      }
    }
    waiting.forEach(
        (units, alike) -> {
          if (alike.stream().mapToInt(pod -> card(pod)).distinct().count() > 1) {
            List<String> names =
                alike.stream()
                    .map(pod -> pod.name() + " (card " + card(pod) + ")")
                    .sorted()
                    .toList();
            findings.add(
                new Finding.PodContradiction(
                    Kind.MAY_BE_SWAPPED,
                    node,
                    alike.stream().map(AuditedPod::name).sorted().findFirst().orElseThrow(),
                    units.toPlainString(),
                    "",
                    "the device plugin may swap pods of %s units that are not assigned yet: %s"
                        .formatted(units.toPlainString(), String.join(", ", names))));
          }
        });
  }

  private static int card(AuditedPod pod) {
    return pod.index(Gpushare.DEVICE).orElseThrow();
  }

  private void contradiction(Kind kind, AuditedPod pod, String asked, String has, String what) {
    findings.add(new Finding.PodContradiction(kind, pod.node(), pod.name(), asked, has, what));
  }

  private static boolean isNumber(String text, BigDecimal number) {
    return text.matches("[0-9]{1,19}") && new BigDecimal(text).compareTo(number) == 0;
  }
}
