package io.stowage.extender.wire;

import io.stowage.extender.names.AskedNodes;
import io.stowage.extender.names.NodeNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Decodes {@code filter}'s and {@code prioritize}'s arguments in the form that kube-scheduler
 * writes: names are matched as bytes, whole nodes passed over but for their names.
 *
 * <p>It gives up on what is not of that form, which may be well formed all the same: a key that it
 * does not know or in another case, one that comes twice, a name with escapes. The parser then
 * decides, and has the words for what is wrong.
 */
final class NodesSkim {
  private static final byte DELETE = 0x7F;
  private static final byte[] POD = ascii("\"Pod\"");
  private static final byte[] NODES = ascii("\"Nodes\"");
  private static final byte[] NODE_NAMES = ascii("\"NodeNames\"");
  private static final byte[] ITEMS = ascii("\"items\"");
  private static final byte[] METADATA = ascii("\"metadata\"");
  private static final byte[] UID = ascii("\"uid\"");
  private static final byte[] RESOURCE_VERSION = ascii("\"resourceVersion\"");
  private static final byte[] NAME = ascii("\"name\"");

  private final JsonMapper mapper;
  private final byte[] bytes;
  private final int end;
  private final NodeNames known;
  private final AskedNodes nodes;

  private @Nullable ByteSlice pod;
  private String podUid = "";
  private String podVersion = "";
  private boolean haveNodes;
  private WholeNodes whole = WholeNodes.NONE;

  NodesSkim(JsonMapper mapper, Body body, NodeNames known) {
    this.mapper = mapper;
    this.bytes = body.bytes();
    this.end = body.length();
    this.known = known;
    this.nodes = new AskedNodes(known);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns the request, null where it gives up. */
  @Nullable NodesRequest request() {
    int after = members(JsonSkim.space(bytes, 0, end), this::argument);
    if (after == JsonSkim.GIVEN_UP || JsonSkim.space(bytes, after, end) != end) {
      return null;
    }
    return pod == null || !haveNodes
        ? null
        : new NodesRequest(new SentPod(mapper, pod, podUid, podVersion), nodes, whole);
  }

  /** Takes in a member of an object; returns the index behind its value, or gives up. */
  private interface Member {
    int read(int key, int value);
  }

  /** Reads an object; returns the index behind it, or gives up. */
  private int members(int from, Member member) {
    if (from >= end || bytes[from] != '{') {
      return JsonSkim.GIVEN_UP;
    }
    int at = JsonSkim.space(bytes, from + 1, end);
    if (at < end && bytes[at] == '}') {
      return at + 1;
    }
    while (true) {
      int colon = JsonSkim.string(bytes, at, end);
      int value =
          colon == JsonSkim.GIVEN_UP ? JsonSkim.GIVEN_UP : JsonSkim.colon(bytes, colon, end);
      int after = value == JsonSkim.GIVEN_UP ? JsonSkim.GIVEN_UP : member.read(at, value);
      if (after == JsonSkim.GIVEN_UP) {
        return JsonSkim.GIVEN_UP;
      }
      at = JsonSkim.space(bytes, after, end);
      if (at >= end || bytes[at] != ',') {
        return at < end && bytes[at] == '}' ? at + 1 : JsonSkim.GIVEN_UP;
      }
      at = JsonSkim.space(bytes, at + 1, end);
    }
  }

  private boolean isKey(byte[] key, int at) {
    return end - at >= key.length && Arrays.equals(bytes, at, at + key.length, key, 0, key.length);
  }

  /** Tells whether a key may be another way to write one that is looked for. */
  private boolean isLike(byte[] key, int at) {
    for (int i = 1; i < key.length - 1; i++) {
      byte found = bytes[at + i];
      if (found < 0 || found == '\\') {
        return true;
      }
      if ((found | 0x20) != (key[i] | 0x20)) {
        return false;
      }
    }
    return bytes[at + key.length - 1] == '"';
  }

  private int argument(int key, int value) {
    if (isKey(POD, key) && pod == null) {
      return pod(value);
    }
    boolean ofNames = isKey(NODE_NAMES, key);
    if (ofNames || isKey(NODES, key)) {
      int after = JsonSkim.literal(bytes, value, end, "null");
      if (after != JsonSkim.GIVEN_UP) {
        return after;
      }
      if (!haveNodes) {
        haveNodes = true;
        return ofNames ? names(value) : wholeNodes(value);
      }
    }
    return JsonSkim.GIVEN_UP;
  }

  private int pod(int from) {
    int after = members(from, this::memberOfPod);
    if (after != JsonSkim.GIVEN_UP) {
      pod = new ByteSlice(bytes, from, after - from);
    }
    return after;
  }

  private int memberOfPod(int key, int value) {
    return isKey(METADATA, key) && value < end && bytes[value] == '{'
        ? members(value, this::memberOfPodMetadata)
        : JsonSkim.value(bytes, value, end);
  }

  private int memberOfPodMetadata(int key, int value) {
    int after = JsonSkim.value(bytes, value, end);
    if (after != JsonSkim.GIVEN_UP && bytes[value] == '"') {
      if (isKey(UID, key)) {
        podUid = plain(value, after);
      } else if (isKey(RESOURCE_VERSION, key)) {
        podVersion = plain(value, after);
      }
    }
    return after;
  }

  /** Returns the text of a string; empty where it is not plainly written. */
  private String plain(int from, int after) {
    for (int i = from + 1; i < after - 1; i++) {
      if (bytes[i] == '\\' || bytes[i] < 0) {
        return "";
      }
    }
    return new String(bytes, from + 1, after - from - 2, StandardCharsets.US_ASCII);
  }

  private int names(int from) {
    if (from >= end || bytes[from] != '[') {
      return JsonSkim.GIVEN_UP;
    }
    if (from + 1 < end && bytes[from + 1] == ']') {
      return from + 2;
    }
    int after = known.readArray(bytes, from + 1, end, nodes);
    return after == NodeNames.UNKNOWN ? JsonSkim.GIVEN_UP : after;
  }

  private int wholeNodes(int from) {
    whole = new WholeNodes(bytes);
    boolean[] found = new boolean[1];
    return members(
        from,
        (key, value) -> {
          if (isKey(ITEMS, key) && !found[0]) {
            found[0] = true;
            return items(value);
          }
          return isLike(ITEMS, key) ? JsonSkim.GIVEN_UP : JsonSkim.value(bytes, value, end);
        });
  }

  private int items(int from) {
    if (from >= end || bytes[from] != '[') {
      return JsonSkim.GIVEN_UP;
    }
    int at = JsonSkim.space(bytes, from + 1, end);
    if (at < end && bytes[at] == ']') {
      return at + 1;
    }
    while (true) {
      int after = item(at);
      if (after == JsonSkim.GIVEN_UP) {
        return JsonSkim.GIVEN_UP;
      }
      at = JsonSkim.space(bytes, after, end);
      if (at >= end || bytes[at] != ',') {
        return at < end && bytes[at] == ']' ? at + 1 : JsonSkim.GIVEN_UP;
      }
      at = JsonSkim.space(bytes, at + 1, end);
    }
  }

  /** Where the name of the item being read begins, 0 while it has not come. */
  private int nameAt;

  private int item(int from) {
    nameAt = 0;
    int after = members(from, this::memberOfItem);
    if (after != JsonSkim.GIVEN_UP) {
      if (nameAt == 0 || !readName()) {
        return JsonSkim.GIVEN_UP;
      }
      whole.add(from, after);
    }
    return after;
  }

  /** Adds the name of an item; false where it is not one by {@link Tokens#required}'s rule. */
  private boolean readName() {
    int quote = known.readString(bytes, nameAt, end, nodes) - 1;
    int chars = quote - nameAt - 1;
    for (int i = nameAt + 1; i < quote; i++) {
      if (bytes[i] == DELETE) {
        return false;
      }
    }
    return chars > 0 && chars <= Tokens.MAX_NAME_CHARS;
  }

  private int memberOfItem(int key, int value) {
    if (isKey(METADATA, key) && nameAt == 0) {
      return members(value, this::memberOfMetadata);
    }
    return isLike(METADATA, key) ? JsonSkim.GIVEN_UP : JsonSkim.value(bytes, value, end);
  }

  private int memberOfMetadata(int key, int value) {
    int after = JsonSkim.value(bytes, value, end);
    if (isKey(NAME, key) && nameAt == 0 && value < end && bytes[value] == '"') {
      nameAt = value;
      return after;
    }
    return isLike(NAME, key) ? JsonSkim.GIVEN_UP : after;
  }
}
