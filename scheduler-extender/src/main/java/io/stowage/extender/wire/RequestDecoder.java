package io.stowage.extender.wire;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.KubernetesJson;
import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.names.NodeNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Decodes the requests of the extender protocol.
 *
 * <p>A body that is no JSON object of the protocol's form is a {@link MalformedRequestException}; a
 * well-formed one whose pod or node cannot be understood is an {@link InvalidObjectException}.
 * Thread-safe.
 */
public final class RequestDecoder {
  // Slices of a body are found by byte offsets, which are those of UTF-8, JSON's encoding.
  private final JsonMapper mapper =
      KubernetesJson.mapper(
          JsonFactory.builder().disable(TokenStreamFactory.Feature.CHARSET_DETECTION).build());

  /**
   * Decodes the arguments of {@code filter} and {@code prioritize}.
   *
   * @param known the nodes that names are matched to
   */
  public NodesRequest nodes(Body body, NodeNames known)
      throws MalformedRequestException, InvalidObjectException {
    NodesRequest skimmed = new NodesSkim(mapper, body, known).request();
    return skimmed == null ? parsed(body, known) : skimmed;
  }

  /** Decodes them by the parser, whatever their form. */
  NodesRequest parsed(Body body, NodeNames known)
      throws MalformedRequestException, InvalidObjectException {
    try (JsonParser parser = open(body)) {
      Pod pod = null;
      AskedNodes names = null;
      WholeNodes whole = WholeNodes.NONE;
      AskedNodes namesOfWhole = new AskedNodes(known);
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (Tokens.key(parser)) {
          case "pod" -> pod = object(parser, "Pod", Pod.class);
          case "nodenames" -> names = nodeNames(parser, known);
          case "nodes" -> {
            namesOfWhole = new AskedNodes(known);
            whole = wholeNodes(parser, body, namesOfWhole);
          }
          default -> parser.skipChildren();
        }
      }
      finish(parser);
      if (names == null && whole == WholeNodes.NONE) {
        throw new InvalidObjectException(
            "NodeNames", "expected an array of node names, or whole nodes in Nodes, was neither");
      }
      return names == null
          ? new NodesRequest(new SentPod(mapper, required(pod)), namesOfWhole, whole)
          : new NodesRequest(new SentPod(mapper, required(pod)), names, WholeNodes.NONE);
    } catch (JacksonException e) {
      throw Tokens.notJson(e);
    }
  }

  /** Decodes the arguments of {@code bind}. */
  public BindRequest bind(Body body) throws MalformedRequestException, InvalidObjectException {
    try (JsonParser parser = open(body)) {
      String podName = "";
      String podNamespace = "";
      String podUid = "";
      String node = "";
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (Tokens.key(parser)) {
          case "podname" -> podName = Tokens.text(parser, "PodName");
          case "podnamespace" -> podNamespace = Tokens.text(parser, "PodNamespace");
          case "poduid" -> podUid = Tokens.text(parser, "PodUID");
          case "node" -> node = Tokens.text(parser, "Node");
          default -> parser.skipChildren();
        }
      }
      finish(parser);
      return new BindRequest(
          Tokens.required("PodName", podName),
          Tokens.required("PodNamespace", podNamespace),
          Tokens.required("PodUID", podUid),
          Tokens.required("Node", node));
    } catch (JacksonException e) {
      throw Tokens.notJson(e);
    }
  }

  /** Decodes the arguments of {@code preempt}. */
  public PreemptRequest preempt(Body body)
      throws MalformedRequestException, InvalidObjectException {
    try (JsonParser parser = open(body)) {
      Pod pod = null;
      Map<String, Victims> victims = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = Tokens.key(parser);
        switch (key) {
          case "pod" -> pod = object(parser, "Pod", Pod.class);
          case "nodenametovictims", "nodenametometavictims" -> {
            String field =
                key.equals("nodenametovictims") ? "NodeNameToVictims" : "NodeNameToMetaVictims";
            Map<String, Victims> found = victimsByNode(parser, field);
            victims = found == null ? victims : found;
          }
          default -> parser.skipChildren();
        }
      }
      finish(parser);
      return new PreemptRequest(required(pod), victims == null ? Map.of() : victims);
    } catch (JacksonException e) {
      throw Tokens.notJson(e);
    }
  }

  /**
   * Decodes a node that a request carried whole.
   *
   * @param name the name that the request gave it
   */
  public Node node(String name, ByteSlice json) throws InvalidObjectException {
    try {
      return mapper.readValue(json.bytes(), json.offset(), json.length(), Node.class);
    } catch (JacksonException e) {
      throw Tokens.invalid("Nodes.items of " + name, e);
    }
  }

  private JsonParser open(Body body) throws MalformedRequestException {
    JsonParser parser = mapper.createParser(body.bytes(), 0, body.length());
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedRequestException(
          "body: expected a JSON object, was " + Tokens.describe(parser.currentToken()));
    }
    return parser;
  }

  private static void finish(JsonParser parser) throws MalformedRequestException {
    if (parser.nextToken() != null) {
      throw new MalformedRequestException(
          "body: expected nothing after the JSON object, was "
              + Tokens.describe(parser.currentToken())
              + " at byte "
              + parser.currentTokenLocation().getByteOffset());
    }
  }

  private <T> @Nullable T object(JsonParser parser, String field, Class<T> type)
      throws InvalidObjectException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new InvalidObjectException(
          field, "expected an object, was " + Tokens.describe(parser.currentToken()));
    }
    try {
      return mapper.readValue(parser, type);
    } catch (DatabindException e) {
      throw Tokens.invalid(field, e);
    }
  }

  private static @Nullable AskedNodes nodeNames(JsonParser parser, NodeNames known)
      throws MalformedRequestException {
    if (!Tokens.enterArray(parser, "NodeNames")) {
      return null;
    }
    AskedNodes names = new AskedNodes(known);
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        throw new MalformedRequestException(
            "NodeNames["
                + names.size()
                + "]: expected a string, was "
                + Tokens.describe(parser.currentToken()));
      }
      names.add(parser.getString());
    }
    return names;
  }

  /** Reads where whole nodes lie, and adds their names. */
  private static WholeNodes wholeNodes(JsonParser parser, Body body, AskedNodes names)
      throws MalformedRequestException, InvalidObjectException {
    if (!Tokens.enterObject(parser, "Nodes")) {
      return WholeNodes.NONE;
    }
    WholeNodes nodes = new WholeNodes(body.bytes());
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      if (Tokens.key(parser).equals("items") && Tokens.enterArray(parser, "Nodes.items")) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          int from = (int) parser.currentTokenLocation().getByteOffset();
          names.add(nodeName(parser, "Nodes.items[" + names.size() + "]"));
          nodes.add(from, (int) parser.currentLocation().getByteOffset());
        }
      } else {
        parser.skipChildren();
      }
    }
    return nodes;
  }

  /** Passes over a whole node and returns its name. */
  private static String nodeName(JsonParser parser, String field)
      throws MalformedRequestException, InvalidObjectException {
    if (!Tokens.enterObject(parser, field)) {
      throw new InvalidObjectException(field, "expected a node, was null");
    }
    String name = "";
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      if (Tokens.key(parser).equals("metadata")
          && Tokens.enterObject(parser, field + ".metadata")) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          if (Tokens.key(parser).equals("name")) {
            name = Tokens.text(parser, field + ".metadata.name");
          } else {
            parser.skipChildren();
          }
        }
      } else {
        parser.skipChildren();
      }
    }
    return Tokens.required(field + ".metadata.name", name);
  }

  private static @Nullable Map<String, Victims> victimsByNode(JsonParser parser, String field)
      throws MalformedRequestException, InvalidObjectException {
    if (!Tokens.enterObject(parser, field)) {
      return null;
    }
    Map<String, Victims> byNode = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String node = Tokens.required(field, parser.currentName());
      parser.nextToken();
      byNode.put(node, victims(parser, field + "[" + node + "]"));
    }
    return byNode;
  }

  private static Victims victims(JsonParser parser, String field)
      throws MalformedRequestException, InvalidObjectException {
    List<String> uids = new ArrayList<>();
    long pdbViolations = 0;
    if (Tokens.enterObject(parser, field)) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (Tokens.key(parser)) {
          case "pods" -> {
            if (Tokens.enterArray(parser, field + ".Pods")) {
              while (parser.nextToken() != JsonToken.END_ARRAY) {
                uids.add(victimUid(parser, field + ".Pods[" + uids.size() + "]"));
              }
            }
          }
          case "numpdbviolations" -> {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
              throw new MalformedRequestException(
                  field
                      + ".NumPDBViolations: expected a whole number, was "
                      + Tokens.describe(parser.currentToken()));
            }
            pdbViolations = parser.getLongValue();
          }
          default -> parser.skipChildren();
        }
      }
    }
    return new Victims(uids, pdbViolations);
  }

  /** Reads the UID of a {@code MetaPod} or of a whole pod. */
  private static String victimUid(JsonParser parser, String field)
      throws MalformedRequestException, InvalidObjectException {
    String uid = "";
    if (Tokens.enterObject(parser, field)) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (Tokens.key(parser)) {
          case "uid" -> uid = Tokens.text(parser, field + ".UID");
          case "metadata" -> {
            if (Tokens.enterObject(parser, field + ".metadata")) {
              while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                if (Tokens.key(parser).equals("uid")) {
                  uid = Tokens.text(parser, field + ".metadata.uid");
                } else {
                  parser.skipChildren();
                }
              }
            }
          }
          default -> parser.skipChildren();
        }
      }
    }
    return Tokens.required(field + ".UID", uid);
  }

  private static Pod required(@Nullable Pod pod) throws InvalidObjectException {
    if (pod == null) {
      throw new InvalidObjectException("Pod", "expected a pod, was none");
    }
    return pod;
  }
}
