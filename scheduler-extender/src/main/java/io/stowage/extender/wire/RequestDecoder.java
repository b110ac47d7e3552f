package io.stowage.extender.wire;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.KubernetesJson;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Decodes the requests of the extender protocol.
 *
 * <p>A body that is no JSON object of the protocol's form is a {@link MalformedRequestException}; a
 * well-formed one whose pod or node cannot be understood is an {@link InvalidObjectException}.
 * Thread-safe.
 */
public final class RequestDecoder {
  /** As Kubernetes limits the names of its objects. */
  private static final int MAX_NAME_CHARS = 253;

  // Slices of a body are found by byte offsets, which are those of UTF-8, JSON's encoding.
  private final JsonMapper mapper =
      KubernetesJson.mapper(
          JsonFactory.builder().disable(TokenStreamFactory.Feature.CHARSET_DETECTION).build());

  /** Decodes the arguments of {@code filter} and {@code prioritize}. */
  public NodesRequest nodes(byte[] body) throws MalformedRequestException, InvalidObjectException {
    try (JsonParser parser = open(body)) {
      Pod pod = null;
      List<RequestedNode> names = null;
      List<RequestedNode> wholeNodes = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (key(parser)) {
          case "pod" -> pod = object(parser, "Pod", Pod.class);
          case "nodenames" -> names = nodeNames(parser);
          case "nodes" -> wholeNodes = wholeNodes(parser, body);
          default -> parser.skipChildren();
        }
      }
      finish(parser);
      List<RequestedNode> nodes = names != null ? names : wholeNodes;
      if (nodes == null) {
        throw new InvalidObjectException(
            "NodeNames", "expected an array of node names, or whole nodes in Nodes, was neither");
      }
      return new NodesRequest(required(pod), nodes, names == null);
    } catch (JacksonException e) {
      throw notJson(e);
    }
  }

  /** Decodes the arguments of {@code bind}. */
  public BindRequest bind(byte[] body) throws MalformedRequestException, InvalidObjectException {
    try (JsonParser parser = open(body)) {
      String podName = "";
      String podNamespace = "";
      String podUid = "";
      String node = "";
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (key(parser)) {
          case "podname" -> podName = text(parser, "PodName");
          case "podnamespace" -> podNamespace = text(parser, "PodNamespace");
          case "poduid" -> podUid = text(parser, "PodUID");
          case "node" -> node = text(parser, "Node");
          default -> parser.skipChildren();
        }
      }
      finish(parser);
      return new BindRequest(
          required("PodName", podName),
          required("PodNamespace", podNamespace),
          required("PodUID", podUid),
          required("Node", node));
    } catch (JacksonException e) {
      throw notJson(e);
    }
  }

  /** Decodes the arguments of {@code preempt}. */
  public PreemptRequest preempt(byte[] body)
      throws MalformedRequestException, InvalidObjectException {
    try (JsonParser parser = open(body)) {
      Pod pod = null;
      Map<String, Victims> victims = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = key(parser);
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
      throw notJson(e);
    }
  }

  /** Decodes a node that a request carried whole. */
  public Node node(RequestedNode requested) throws InvalidObjectException {
    try {
      return mapper.readValue(requested.json().toString(), Node.class);
    } catch (JacksonException e) {
      throw invalid("Nodes.items of " + requested.name(), e);
    }
  }

  private JsonParser open(byte[] body) throws MalformedRequestException {
    JsonParser parser = mapper.createParser(body);
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedRequestException(
          "body: expected a JSON object, was " + describe(parser.currentToken()));
    }
    return parser;
  }

  private static void finish(JsonParser parser) throws MalformedRequestException {
    if (parser.nextToken() != null) {
      throw new MalformedRequestException(
          "body: expected nothing after the JSON object, was "
              + describe(parser.currentToken())
              + " at byte "
              + parser.currentTokenLocation().getByteOffset());
    }
  }

  /** Returns the current property's name in lower case and steps to its value. */
  private static String key(JsonParser parser) {
    String name = parser.currentName();
    parser.nextToken();
    return name.toLowerCase(Locale.ROOT);
  }

  private <T> @Nullable T object(JsonParser parser, String field, Class<T> type)
      throws InvalidObjectException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new InvalidObjectException(
          field, "expected an object, was " + describe(parser.currentToken()));
    }
    try {
      return mapper.readValue(parser, type);
    } catch (DatabindException e) {
      throw invalid(field, e);
    }
  }

  private static @Nullable List<RequestedNode> nodeNames(JsonParser parser)
      throws MalformedRequestException {
    if (!enterArray(parser, "NodeNames")) {
      return null;
    }
    List<RequestedNode> names = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        throw new MalformedRequestException(
            "NodeNames["
                + names.size()
                + "]: expected a string, was "
                + describe(parser.currentToken()));
      }
      names.add(RequestedNode.named(parser.getString()));
    }
    return names;
  }

  private static @Nullable List<RequestedNode> wholeNodes(JsonParser parser, byte[] body)
      throws MalformedRequestException, InvalidObjectException {
    if (!enterObject(parser, "Nodes")) {
      return null;
    }
    List<RequestedNode> nodes = new ArrayList<>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      if (key(parser).equals("items") && enterArray(parser, "Nodes.items")) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          nodes.add(wholeNode(parser, body, "Nodes.items[" + nodes.size() + "]"));
        }
      } else {
        parser.skipChildren();
      }
    }
    return nodes;
  }

  private static RequestedNode wholeNode(JsonParser parser, byte[] body, String field)
      throws MalformedRequestException, InvalidObjectException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    if (!enterObject(parser, field)) {
      throw new InvalidObjectException(field, "expected a node, was null");
    }
    String name = "";
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      if (key(parser).equals("metadata") && enterObject(parser, field + ".metadata")) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          if (key(parser).equals("name")) {
            name = text(parser, field + ".metadata.name");
          } else {
            parser.skipChildren();
          }
        }
      } else {
        parser.skipChildren();
      }
    }
    int end = (int) parser.currentLocation().getByteOffset();
    return new RequestedNode(
        required(field + ".metadata.name", name), new ByteSlice(body, start, end - start));
  }

  private static @Nullable Map<String, Victims> victimsByNode(JsonParser parser, String field)
      throws MalformedRequestException, InvalidObjectException {
    if (!enterObject(parser, field)) {
      return null;
    }
    Map<String, Victims> byNode = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String node = required(field, parser.currentName());
      parser.nextToken();
      byNode.put(node, victims(parser, field + "[" + node + "]"));
    }
    return byNode;
  }

  private static Victims victims(JsonParser parser, String field)
      throws MalformedRequestException, InvalidObjectException {
    List<String> uids = new ArrayList<>();
    long pdbViolations = 0;
    if (enterObject(parser, field)) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (key(parser)) {
          case "pods" -> {
            if (enterArray(parser, field + ".Pods")) {
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
                      + describe(parser.currentToken()));
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
    if (enterObject(parser, field)) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        switch (key(parser)) {
          case "uid" -> uid = text(parser, field + ".UID");
          case "metadata" -> {
            if (enterObject(parser, field + ".metadata")) {
              while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                if (key(parser).equals("uid")) {
                  uid = text(parser, field + ".metadata.uid");
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
    return required(field + ".UID", uid);
  }

  private static boolean enterObject(JsonParser parser, String field)
      throws MalformedRequestException {
    return enter(parser, JsonToken.START_OBJECT, field);
  }

  private static boolean enterArray(JsonParser parser, String field)
      throws MalformedRequestException {
    return enter(parser, JsonToken.START_ARRAY, field);
  }

  private static boolean enter(JsonParser parser, JsonToken start, String field)
      throws MalformedRequestException {
    if (parser.currentToken() == start) {
      return true;
    }
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return false;
    }
    throw new MalformedRequestException(
        field + ": expected " + describe(start) + ", was " + describe(parser.currentToken()));
  }

  private static String text(JsonParser parser, String field) throws MalformedRequestException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return "";
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw new MalformedRequestException(
          field + ": expected a string, was " + describe(parser.currentToken()));
    }
    return parser.getString();
  }

  private static Pod required(@Nullable Pod pod) throws InvalidObjectException {
    if (pod == null) {
      throw new InvalidObjectException("Pod", "expected a pod, was none");
    }
    return pod;
  }

  private static String required(String field, String text) throws InvalidObjectException {
    if (text.isEmpty()) {
      throw new InvalidObjectException(field, "expected a name, was none");
    }
    if (text.length() > MAX_NAME_CHARS || text.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidObjectException(
          field,
          "expected a name of at most "
              + MAX_NAME_CHARS
              + " printable characters, was a text of "
              + text.length());
    }
    return text;
  }

  private static MalformedRequestException notJson(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    return new MalformedRequestException(
        "body: expected JSON"
            + (location == null ? "" : ", at byte " + location.getByteOffset())
            + ": "
            + e.getOriginalMessage());
  }

  private static InvalidObjectException invalid(String root, JacksonException e) {
    StringBuilder path = new StringBuilder(root);
    for (JacksonException.Reference reference : e.getPath()) {
      if (reference.getPropertyName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append('.').append(reference.getPropertyName());
      }
    }
    return new InvalidObjectException(path.toString(), "expected " + expected(e));
  }

  private static String expected(JacksonException e) {
    if (!(e instanceof MismatchedInputException mismatch) || mismatch.getTargetType() == null) {
      return "a value of another form";
    }
    Class<?> type = mismatch.getTargetType();
    if (Collection.class.isAssignableFrom(type)) {
      return "an array";
    } else if (type == String.class) {
      return "a string";
    } else if (Number.class.isAssignableFrom(type)
        || (type.isPrimitive() && type != boolean.class)) {
      return "a number";
    } else if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    return "an object";
  }

  private static String describe(@Nullable JsonToken token) {
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
      case VALUE_TRUE, VALUE_FALSE -> "true or false";
      case VALUE_NULL -> "null";
      default -> "something else";
    };
  }
}
