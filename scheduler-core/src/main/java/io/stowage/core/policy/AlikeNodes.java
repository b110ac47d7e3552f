package io.stowage.core.policy;

import io.stowage.core.cluster.ChangeLog;
import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeState;
import io.stowage.core.cluster.Numbering;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's nodes by kind, and in the order of their names: nodes of one kind agree in all that
 * fit and a policy's scores depend on, so that a shape scores the same on all of them within an
 * epoch.
 *
 * <p>A kind is made of the node's spec without its name, what is left of each resource and GPU, and
 * {@link PlacementPolicy#likeness}. Kinds are numbered from 0, and numbers of kinds without nodes
 * are used again. Not thread-safe: belongs to the cluster's one writer.
 */
final class AlikeNodes {
  private final Cluster cluster;
  private final PlacementPolicy policy;
  private long clusterRead;
  private long policyRead;

  private final ChangeLog changes = new ChangeLog();
  private final NameRanks names = new NameRanks();
  private @Nullable NodeState[] nodes = {};
  private @Nullable Kind[] kinds = {};

  private final Map<Kind, Kind> kindsByContent = new HashMap<>();
  private final ArrayDeque<Integer> freeNumbers = new ArrayDeque<>();
  private int numberLimit;

  /** What a node is compared by, filled in anew for each. */
  private final Kind probe = new Kind(new long[16]);

  /** Specs, their names left out. */
  private final Numbering<Node> specs = new Numbering<>();

  private @Nullable Node[] specOfSlot = {};
  private int[] specNumberOfSlot = {};

  /** What nodes of a kind agree in, and how many there are. */
  private static final class Kind {
    private long[] content;
    private int length;
    private int hash;
    private int number;
    private int nodes;

    private Kind(long[] content) {
      this.content = content;
    }

    private void clear() {
      length = 0;
      hash = 1;
    }

    private void add(long value) {
      if (length == content.length) {
        content = Arrays.copyOf(content, 2 * length);
      }
      content[length++] = value;
      long mixed = value * 0x9E3779B97F4A7C15L;
      hash = 31 * hash + (int) (mixed ^ (mixed >>> 32));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Kind kind
          && hash == kind.hash
          && Arrays.equals(content, 0, length, kind.content, 0, kind.length);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /** Creates it for the nodes as they are. */
  AlikeNodes(Cluster cluster, PlacementPolicy policy) {
    this.cluster = cluster;
    this.policy = policy;
    readAll();
  }

  /** Takes in what changed in the cluster and for the policy. */
  void update() {
    ChangeLog clusterLog = cluster.changes();
    ChangeLog policyLog = policy.changes();
    if (!clusterLog.reaches(clusterRead) || (policyLog != null && !policyLog.reaches(policyRead))) {
      readAll();
      return;
    }
    ensureSlots();
    for (; clusterRead < clusterLog.end(); clusterRead++) {
      read(clusterLog.slot(clusterRead));
    }
    if (policyLog != null) {
      for (; policyRead < policyLog.end(); policyRead++) {
        read(policyLog.slot(policyRead));
      }
    }
  }

  private void readAll() {
    ensureSlots();
    for (int slot = 0; slot < cluster.slotLimit(); slot++) {
      read(slot);
    }
    clusterRead = cluster.changes().end();
    ChangeLog policyLog = policy.changes();
    policyRead = policyLog == null ? 0 : policyLog.end();
  }

  private void ensureSlots() {
    names.ensureSlots(cluster.slotLimit());
    if (nodes.length < cluster.slotLimit()) {
      int length = Math.max(cluster.slotLimit(), 2 * nodes.length);
      nodes = Arrays.copyOf(nodes, length);
      kinds = Arrays.copyOf(kinds, length);
      specOfSlot = Arrays.copyOf(specOfSlot, length);
      specNumberOfSlot = Arrays.copyOf(specNumberOfSlot, length);
    }
  }

  private void read(int slot) {
    NodeState node = cluster.slot(slot);
    Kind before = kinds[slot];
    Kind now = node == null ? null : kindOf(node);
    boolean sameKind = now != null && before != null && now.number == before.number;
    if (sameKind && node == nodes[slot]) {
      return;
    }
    if (node != nodes[slot]) {
      nodes[slot] = node;
      names.set(slot, node == null ? null : node.name());
    }
    kinds[slot] = now;
    if (now != null) {
      now.nodes++;
    }
    if (before != null && --before.nodes == 0) {
      kindsByContent.remove(before);
      freeNumbers.push(before.number);
    }
    changes.append(slot);
  }

  private Kind kindOf(NodeState node) {
    describe(node);
    Kind known = kindsByContent.get(probe);
    if (known != null) {
      return known;
    }
    Kind kind = new Kind(Arrays.copyOf(probe.content, probe.length));
    kind.length = probe.length;
    kind.hash = probe.hash;
    Integer free = freeNumbers.poll();
    kind.number = free == null ? numberLimit++ : free;
    kindsByContent.put(kind, kind);
    return kind;
  }

  private void describe(NodeState node) {
    probe.clear();
    probe.add(specNumber(node));
    probe.add(policy.likeness(node));
    probe.add(node.requestedCpuMilli());
    probe.add(node.requestedMemoryBytes());
    probe.add(node.freeEphemeralStorageBytes());
    probe.add(node.freePods());
    for (int i = 0; i < node.gpuCount(); i++) {
      probe.add(node.gpuFreeUnits(i));
    }
    Node spec = node.node();
    if (spec != null && !spec.allocatable().extended().isEmpty()) {
      for (String resource : spec.allocatable().extended().keySet()) {
        probe.add(node.freeExtended(resource));
      }
    }
  }

  /**
   * Returns a number that nodes of equal specs share, 0 for a node of which only pods are known.
   */
  private int specNumber(NodeState node) {
    int slot = node.slot();
    Node spec = node.node();
    if (spec == null) {
      return 0;
    }
    if (!spec.equals(specOfSlot[slot])) {
      specOfSlot[slot] = spec;
      specNumberOfSlot[slot] = specs.of(spec.withName("any"));
    }
    return specNumberOfSlot[slot];
  }

  /** Returns the log of the nodes whose kind changed, which came or went; since the creation. */
  ChangeLog changes() {
    return changes;
  }

  /** Returns in which order the nodes' names are. */
  NameRanks names() {
    return names;
  }

  /** Returns the number of the kind of the node in a slot, -1 where the slot is free. */
  int kind(int slot) {
    Kind kind = kinds[slot];
    return kind == null ? -1 : kind.number;
  }

  /** Returns one more than the highest number of a kind ever used. */
  int kindLimit() {
    return numberLimit;
  }

  /** Returns how many kinds there are. */
  int kindCount() {
    return kindsByContent.size();
  }
}
