package io.stowage.extender.experiment;

import io.stowage.core.cluster.Node;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Nodes of a cluster, by exactly one of their name, the model of their GPUs, and what their names
 * start with.
 *
 * @param name the name of a node
 * @param model a GPU model that nodes have
 * @param prefix what the names of a pool's nodes start with
 * @param count how many, at least 1: of nodes added the copies, 1 where it is null; of nodes
 *     removed the first ones, all where it is null
 */
public record NodeChoice(
    @Nullable String name,
    @Nullable String model,
    @Nullable String prefix,
    @Nullable Integer count) {
  private static final int MOST_NODES = 100_000;

  /** Throws IllegalArgumentException unless exactly one is given, and the count is in range. */
  public NodeChoice {
    if (Stream.of(name, model, prefix).filter(Objects::nonNull).count() != 1) {
      throw new IllegalArgumentException("nodes: expected exactly one of name, model and prefix");
    }
    if (count != null && (count < 1 || count > MOST_NODES)) {
      throw new IllegalArgumentException("count: expected 1 to " + MOST_NODES + ", was " + count);
    }
  }

  /** Returns the nodes chosen; throws IllegalArgumentException where there are none. */
  List<Node> of(List<Node> nodes) {
    List<Node> chosen = nodes.stream().filter(this::matches).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          name != null
              ? "no node is called '" + name + "'"
              : model != null
                  ? "no node has GPUs of the model '" + model + "'"
                  : "no node's name starts with '" + prefix + "'");
    }
    return chosen;
  }

  private boolean matches(Node node) {
    if (name != null) {
      return node.name().equals(name);
    }
    return model != null
        ? node.gpus().devices().stream().anyMatch(device -> device.model().equals(model))
        : node.name().startsWith(Objects.requireNonNull(prefix));
  }
}
