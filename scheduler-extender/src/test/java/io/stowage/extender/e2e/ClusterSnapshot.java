package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Nodes and pods as the API server lists them, added up without any code of Stowage. Pods have
 * plain containers, limits and requests alike.
 */
record ClusterSnapshot(List<Node> nodes, List<Pod> pods) {
  private static final String GPU_MEMORY = "aliyun.com/gpu-mem";
  private static final String GPU_COUNT = "aliyun.com/gpu-count";
  private static final String CARD_INDEX = "ALIYUN_COM_GPU_MEM_IDX";

  /** Annotation in which the stand-in for the device plugin says what it gave. */
  static final String GIVEN_DEVICE = "local.stowage.io/given-device";

  static ClusterSnapshot take(KubernetesClient client) {
    return new ClusterSnapshot(
        client.nodes().list().getItems(), client.pods().inNamespace("default").list().getItems());
  }

  /** Returns the pods that are on a node and have not ended. */
  List<Pod> boundPods() {
    return pods.stream().filter(pod -> isBound(pod) && !hasEnded(pod)).toList();
  }

  List<Pod> pendingPods() {
    return pods.stream().filter(pod -> !isBound(pod)).toList();
  }

  static boolean isBound(Pod pod) {
    return pod.getSpec().getNodeName() != null;
  }

  private static boolean hasEnded(Pod pod) {
    return List.of("Succeeded", "Failed").contains(pod.getStatus().getPhase());
  }

  /** Returns what a pod asks for by resource, one pod included. */
  static Map<String, BigDecimal> requests(Pod pod) {
    Map<String, BigDecimal> sums = new HashMap<>(Map.of("pods", BigDecimal.ONE));
    pod.getSpec()
        .getContainers()
        .forEach(
            container -> {
              Map<String, Quantity> requests = container.getResources().getRequests();
              if (requests != null) {
                requests.forEach((k, v) -> sums.merge(k, amount(v), BigDecimal::add));
              }
            });
    return sums;
  }

  private static BigDecimal amount(Quantity quantity) {
    return Quantity.getAmountInBytes(quantity);
  }

  /** Returns what is free by node and resource; negative where too much is on it. */
  Map<String, Map<String, BigDecimal>> free() {
    Map<String, Map<String, BigDecimal>> free = new TreeMap<>();
    for (Node node : nodes) {
      Map<String, BigDecimal> left = new HashMap<>();
      node.getStatus().getAllocatable().forEach((k, v) -> left.put(k, amount(v)));
      free.put(node.getMetadata().getName(), left);
    }
    for (Pod pod : boundPods()) {
      Map<String, BigDecimal> left =
          assertThat(free.get(pod.getSpec().getNodeName()))
              .as("node of pod " + pod.getMetadata().getName())
              .isNotNull()
              .actual();
      requests(pod).forEach((k, v) -> left.merge(k, v.negate(), BigDecimal::add));
    }
    return free;
  }

  /** Tells whether the sums of any of the nodes have room for a pod. */
  static boolean fits(Pod pod, Collection<Map<String, BigDecimal>> freeByNode) {
    return freeByNode.stream().anyMatch(free -> fits(requests(pod), free));
  }

  private static boolean fits(Map<String, BigDecimal> requests, Map<String, BigDecimal> free) {
    return requests.entrySet().stream()
        .allMatch(
            asked ->
                asked.getValue().compareTo(free.getOrDefault(asked.getKey(), BigDecimal.ZERO))
                    <= 0);
  }

  /** Returns the names of pods that wait though a node has room, on a single card for a share. */
  List<String> waitingThoughTheyFit() {
    Map<String, Map<String, BigDecimal>> free = free();
    Map<String, long[]> freeOnCards = assertNoCardOvercommitted();
    return pendingPods().stream()
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
        .filter(
            pod -> {
              Map<String, BigDecimal> requests = requests(pod);
              BigDecimal share = requests.getOrDefault(GPU_MEMORY, BigDecimal.ZERO);
              return free.entrySet().stream()
                  .filter(node -> selects(pod, node.getKey()) && fits(requests, node.getValue()))
                  .anyMatch(
                      node ->
                          share.signum() == 0
                              || Arrays.stream(freeOnCards.get(node.getKey()))
                                  .anyMatch(units -> units >= share.longValueExact()));
            })
        .map(pod -> pod.getMetadata().getName())
        .toList();
  }

  /** Tells whether a pod's node selector, if it has one, takes a node. */
  private boolean selects(Pod pod, String nodeName) {
    Map<String, String> selector = pod.getSpec().getNodeSelector();
    return selector == null
        || nodes.stream()
            .filter(node -> node.getMetadata().getName().equals(nodeName))
            .allMatch(
                node -> node.getMetadata().getLabels().entrySet().containsAll(selector.entrySet()));
  }

  /**
   * Fails where a share that has started was given another card by the device plugin's stand-in
   * than the pod's annotations say, none, or more of a card than it holds; returns how many have
   * started.
   */
  int assertCardsGivenAsAnnotated() {
    Map<String, long[]> free = cards();
    int started = 0;
    for (Pod pod : pods) {
      BigDecimal units = requests(pod).get(GPU_MEMORY);
      if (units == null || pod.getStatus().getContainerStatuses().isEmpty()) {
        continue;
      }
      started++;
      Map<String, String> annotations = pod.getMetadata().getAnnotations();
      String given = annotations.get(GIVEN_DEVICE);
      assertThat(given)
          .as("card given to %s", pod.getMetadata().getName())
          .isNotNull()
          .isEqualTo(annotations.get(CARD_INDEX));
      if (!hasEnded(pod)) {
        take(free, pod, Integer.parseInt(given), units);
      }
    }
    return started;
  }

  /** Returns the allocated part of a resource in percent. */
  double allocationPercent(String resource) {
    return percent(resource, boundPods());
  }

  /** Returns what these pods ask of a resource in percent of all nodes'. */
  double percent(String resource, List<Pod> asking) {
    BigDecimal capacity =
        nodes.stream()
            .map(node -> node.getStatus().getAllocatable().get(resource))
            .filter(quantity -> quantity != null)
            .map(ClusterSnapshot::amount)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal asked =
        asking.stream()
            .map(pod -> requests(pod).getOrDefault(resource, BigDecimal.ZERO))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    return 100 * asked.doubleValue() / capacity.doubleValue();
  }

  /** Fails where a node has more on it than it can hold. */
  void assertNoNodeOvercommitted() {
    free()
        .forEach(
            (node, left) ->
                left.forEach(
                    (resource, amount) ->
                        assertThat(amount)
                            .as("%s left on node %s", resource, node)
                            .isNotNegative()));
  }

  /**
   * Returns the free units of each card by node, as pods' annotations say; fails where a share has
   * no card, one that does not exist, or more than it holds.
   */
  Map<String, long[]> assertNoCardOvercommitted() {
    Map<String, long[]> free = cards();
    for (Pod pod : boundPods()) {
      BigDecimal units = requests(pod).get(GPU_MEMORY);
      if (units != null) {
        int card = Integer.parseInt(pod.getMetadata().getAnnotations().get(CARD_INDEX));
        take(free, pod, card, units);
      }
    }
    return free;
  }

  /** Returns the units of each card by node. */
  private Map<String, long[]> cards() {
    Map<String, long[]> cards = new TreeMap<>();
    for (Node node : nodes) {
      Map<String, Quantity> allocatable = node.getStatus().getAllocatable();
      if (allocatable.containsKey(GPU_COUNT)) {
        int count = amount(allocatable.get(GPU_COUNT)).intValueExact();
        long[] units = new long[count];
        Arrays.fill(units, amount(allocatable.get(GPU_MEMORY)).longValueExact() / count);
        cards.put(node.getMetadata().getName(), units);
      }
    }
    return cards;
  }

  private static void take(Map<String, long[]> freeByNode, Pod pod, int card, BigDecimal units) {
    String node = pod.getSpec().getNodeName();
    String name = pod.getMetadata().getName();
    long[] free =
        assertThat(freeByNode.get(node)).as("cards of %s with %s", node, name).isNotNull().actual();
    assertThat(card).as("card of %s", name).isBetween(0, free.length - 1);
    free[card] -= units.longValueExact();
    assertThat(free[card]).as("free on card %s of %s with %s", card, node, name).isNotNegative();
  }
}
