package io.stowage.extender.snapshot;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.core.cluster.Placement;
import io.stowage.core.trace.Scenario;
import io.stowage.core.trace.TracePod;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.KubernetesJson;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads nodes and pods from files of {@code kubectl get nodes -o json} and {@code kubectl get pods
 * -A -o json}.
 *
 * <p>A file holds one or more JSON documents: typed lists, {@code v1.List}, single objects, or the
 * pages of a list one after another; objects of other kinds are passed over. A list whose last page
 * says that there is more is refused, as half a cluster would be a wrong one.
 */
public final class SnapshotFiles {
  private static final String POD = "Pod";
  private static final String NODE = "Node";

  private final NodeReader nodeReader;
  private final PodReader podReader;
  private final JsonMapper mapper = KubernetesJson.mapper(new JsonFactory());

  /** Creates a reader with the given names of GPU resources and labels. */
  public SnapshotFiles(GpuResources gpuResources) {
    nodeReader = new NodeReader(gpuResources);
    podReader = new PodReader(gpuResources);
  }

  /** Tells whether a file looks like JSON: its first character that is no space is a brace. */
  public static boolean isJson(Path file) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      int character = reader.read();
      while (character >= 0 && Character.isWhitespace(character)) {
        character = reader.read();
      }
      return character == '{';
    }
  }

  /**
   * Reads a cluster and its pods as something to replay.
   *
   * <p>With {@code pendingOnly}, pods that are bound stay where they are and those that wait, gated
   * ones left out, are the arrivals. Without, all pods are the workload to draw from, and only
   * those of DaemonSets and static ones stay. Ended pods are left out.
   *
   * @throws SnapshotFormatException where a file is not what kubectl prints, or has no such pods
   * @throws IOException where a file cannot be read at all
   */
  public Scenario read(Path nodesFile, Path podsFile, boolean pendingOnly) throws IOException {
    List<io.stowage.core.cluster.Node> nodes = new ArrayList<>();
    for (Node node : nodes(nodesFile)) {
      try {
        nodes.add(nodeReader.read(node));
      } catch (InvalidObjectException e) {
        throw invalid(nodesFile, node, e);
      }
    }
    List<Placement> running = new ArrayList<>();
    List<TracePod> arrivals = new ArrayList<>();
    for (Pod object : pods(podsFile)) {
      ObservedPod pod;
      try {
        pod = podReader.read(object);
      } catch (InvalidObjectException e) {
        throw invalid(podsFile, object, e);
      }
      if (pod.ended()) {
        continue;
      }
      boolean stays = pod.isBound() && (pendingOnly || isTiedToNode(object));
      if (stays) {
        running.add(new Placement(pod.pod(), pod.nodeName(), pod.gpuDevices()));
      } else if (pendingOnly ? !isGated(object) : !isTiedToNode(object)) {
        arrivals.add(
            new TracePod(
                pod.pod().namespace() + "/" + pod.pod().name(),
                pod.pod().shape(),
                pod.pod().priority(),
                OptionalDouble.empty()));
      }
    }
    if (arrivals.isEmpty()) {
      throw new SnapshotFormatException(
          podsFile + ": no " + (pendingOnly ? "pending pods" : "pods") + " to replay");
    }
    return new Scenario(nodes, running, arrivals);
  }

  /** Reads the nodes of a file as they are; throws as {@link #read}. */
  public List<Node> nodes(Path file) throws IOException {
    return objects(file, NODE, Node.class);
  }

  /** Reads the pods of a file as they are; throws as {@link #read}. */
  public List<Pod> pods(Path file) throws IOException {
    return objects(file, POD, Pod.class);
  }

  private static boolean isTiedToNode(Pod pod) {
    return pod.getMetadata().getOwnerReferences().stream()
        .anyMatch(owner -> "DaemonSet".equals(owner.getKind()) || NODE.equals(owner.getKind()));
  }

  private static boolean isGated(Pod pod) {
    return pod.getSpec() != null && !pod.getSpec().getSchedulingGates().isEmpty();
  }

  private static SnapshotFormatException invalid(
      Path file, HasMetadata object, InvalidObjectException e) {
    return new SnapshotFormatException(
        "%s: %s %s: %s"
            .formatted(file, object.getKind(), object.getMetadata().getName(), e.getMessage()));
  }

  private <T extends HasMetadata> List<T> objects(Path file, String kind, Class<T> type)
      throws IOException {
    List<T> objects = new ArrayList<>();
    boolean more = false;
    try (JsonParser parser = mapper.createParser(file)) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          throw new SnapshotFormatException(
              "%s:%d: expected the JSON object that kubectl prints with -o json"
                  .formatted(file, parser.currentTokenLocation().getLineNr()));
        }
        more = document(parser, file, kind, type, objects);
      }
    } catch (JacksonException e) {
      String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
      throw new SnapshotFormatException(file + line + ": not JSON: " + e.getOriginalMessage());
    }
    if (more) {
      throw new SnapshotFormatException(
          file + ": the list goes on (metadata.continue is set); save all of its pages");
    }
    if (objects.isEmpty()) {
      throw new SnapshotFormatException(
          file + ": no object of kind " + kind + ", expected the output of kubectl get -o json");
    }
    return objects;
  }

  /** Reads one document, item by item; returns whether it is a page that others follow. */
  private <T extends HasMetadata> boolean document(
      JsonParser parser, Path file, String kind, Class<T> type, List<T> objects)
      throws IOException {
    ObjectNode rest = mapper.createObjectNode();
    boolean isList = false;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() == JsonToken.START_ARRAY && key.equals("items")) {
        isList = true;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          add(mapper.readTree(parser), file, kind, type, objects, kind);
        }
      } else {
        rest.set(key, mapper.readTree(parser));
      }
    }
    if (!isList) {
      add(rest, file, kind, type, objects, "");
    }
    return isList && !rest.path("metadata").path("continue").asString("").isEmpty();
  }

  /** Adds an object of the kind; the items of typed lists need not name theirs. */
  private <T extends HasMetadata> void add(
      JsonNode json, Path file, String kind, Class<T> type, List<T> objects, String kindUnnamed)
      throws SnapshotFormatException {
    if (!json.path("kind").asString(kindUnnamed).equals(kind)) {
      return;
    }
    try {
      T object = mapper.treeToValue(json, type);
      if (object.getMetadata() == null || object.getMetadata().getName() == null) {
        throw new SnapshotFormatException(
            "%s: %s number %d has no metadata.name".formatted(file, kind, objects.size() + 1));
      }
      objects.add(object);
    } catch (JacksonException e) {
      throw new SnapshotFormatException(
          "%s: %s %s: %s"
              .formatted(
                  file,
                  kind,
                  json.path("metadata").path("name").asString("without a name"),
                  e.getOriginalMessage()));
    }
  }
}
