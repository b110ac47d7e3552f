package io.stowage.extender.check;

import io.stowage.extender.kube.KubernetesJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads manifests: YAML of several documents or JSON, objects or lists of them, from files, from
 * the {@code *.yaml}, {@code *.yml} and {@code *.json} of directories, or from standard input.
 *
 * <p>Anchors and merge keys are resolved, as kubectl does. Documents of nothing are passed over.
 */
public final class ManifestReader {
  /** What stands for standard input. */
  public static final String STANDARD_INPUT = "-";

  private static final int MOST_NESTED = 200;
  private static final int MOST_VALUES = 2_000_000;
  private static final int MOST_CHARACTERS = 64 << 20;
  private static final String LIST = "List";
  private static final String MERGE = "<<";
  private static final JsonMapper MAPPER = KubernetesJson.mapper(new JsonFactory());

  private final String source;
  private final List<Manifest> manifests = new ArrayList<>();
  private int values;

  private ManifestReader(String source) {
    this.source = source;
  }

  /**
   * Reads manifests in the order of the sources; files of a directory by name.
   *
   * @param sources files, directories, or {@link #STANDARD_INPUT}
   * @throws InvalidCheckException where one cannot be read or is no manifest
   */
  public static List<Manifest> read(List<String> sources, InputStream standardInput)
      throws InvalidCheckException {
    List<Manifest> manifests = new ArrayList<>();
    for (String source : sources) {
      try {
        if (source.equals(STANDARD_INPUT)) {
          manifests.addAll(read("standard input", standardInput.readAllBytes(), false));
        } else {
          for (Path file : files(Path.of(source))) {
            manifests.addAll(
                read(file.toString(), Files.readAllBytes(file), isNamed(file, ".json")));
          }
        }
      } catch (NoSuchFileException | InvalidPathException e) {
        throw new InvalidCheckException(source + ": no such file or directory");
      } catch (IOException e) {
        throw new InvalidCheckException(source + ": cannot be read: " + e);
      }
    }
    return manifests;
  }

  private static List<Path> files(Path source) throws IOException, InvalidCheckException {
    if (!Files.isDirectory(source)) {
      return List.of(source);
    }
    try (Stream<Path> listed = Files.list(source)) {
      List<Path> files =
          listed
              .filter(file -> isNamed(file, ".yaml", ".yml", ".json") && Files.isRegularFile(file))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new InvalidCheckException(source + ": expected files *.yaml, *.yml or *.json in it");
      }
      return files;
    }
  }

  private static boolean isNamed(Path file, String... endings) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return Stream.of(endings).anyMatch(name::endsWith);
  }

  /** Reads the manifests of one text. */
  static List<Manifest> read(String source, byte[] bytes, boolean json)
      throws InvalidCheckException {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidCheckException(source + ": expected UTF-8, was another encoding");
    }
    if (text.startsWith("\uFEFF")) {
      text = text.substring(1);
    }
    ManifestReader reader = new ManifestReader(source);
    if (json || text.stripLeading().startsWith("{")) {
      reader.json(text);
    } else {
      reader.yaml(text);
    }
    return reader.manifests;
  }

  private InvalidCheckException wrong(String where, String sentence) {
    return new InvalidCheckException(where + ": " + sentence);
  }

  private String document(int number) {
    return source + " document " + number;
  }

  private void json(String text) throws InvalidCheckException {
    int number = 0;
    try (JsonParser parser = MAPPER.createParser(text)) {
      while (parser.nextToken() != null) {
        number++;
        add(document(number), MAPPER.readTree(parser), null);
      }
    } catch (JacksonException e) {
      String line = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw wrong(document(Math.max(1, number)) + line, "expected JSON: " + oneLine(e));
    }
  }

  private static String oneLine(Exception e) {
    String message =
        e instanceof JacksonException jackson ? jackson.getOriginalMessage() : e.getMessage();
    return String.valueOf(message).lines().findFirst().orElse("").strip();
  }

  private void yaml(String text) throws InvalidCheckException {
    LoadSettings settings =
        LoadSettings.builder().setLabel(source).setCodePointLimit(MOST_CHARACTERS).build();
    int number = 0;
    try {
      refuseDeep(new Parse(settings).parseString(text));
      for (Object document : new Load(settings).loadAllFromString(text)) {
        number++;
        JsonNode json = tree(document, 0, document(number));
        if (!json.isNull()) {
          add(document(number), json, null);
        }
      }
    } catch (YamlEngineException e) {
      Optional<Mark> mark =
          e instanceof MarkedYamlEngineException marked
              ? marked.getProblemMark()
              : Optional.empty();
      String line = mark.map(at -> ", line " + (at.getLine() + 1)).orElse("");
      String problem =
          e instanceof MarkedYamlEngineException marked && marked.getProblem() != null
              ? marked.getProblem()
              : oneLine(e);
      throw wrong(document(number + 1) + line, "expected YAML: " + problem);
    }
  }

  /** Refuses what is nested so deep that building it would need more stack than there is. */
  private void refuseDeep(Iterable<Event> events) throws InvalidCheckException {
    int depth = 0;
    int number = 0;
    for (Event event : events) {
      switch (event.getEventId()) {
        case DocumentStart -> number++;
        case MappingStart, SequenceStart -> depth++;
        case MappingEnd, SequenceEnd -> depth--;
        default -> {}
      }
      if (depth > MOST_NESTED) {
        throw wrong(document(number), "expected values nested at most " + MOST_NESTED + " deep");
      }
    }
  }

  private JsonNode tree(@Nullable Object value, int depth, String where)
      throws InvalidCheckException {
    values++;
    if (depth > MOST_NESTED || values > MOST_VALUES) {
      throw wrong(
          where,
          "expected at most %d values, nested at most %d deep, aliases resolved"
              .formatted(MOST_VALUES, MOST_NESTED));
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = MAPPER.createObjectNode();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (MERGE.equals(entry.getKey())) {
          merge(object, tree(entry.getValue(), depth + 1, where));
        }
      }
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (!MERGE.equals(entry.getKey())) {
          object.set(String.valueOf(entry.getKey()), tree(entry.getValue(), depth + 1, where));
        }
      }
      return object;
    }
    if (value instanceof Iterable<?> items) {
      ArrayNode array = MAPPER.createArrayNode();
      for (Object item : items) {
        array.add(tree(item, depth + 1, where));
      }
      return array;
    }
    return MAPPER.valueToTree(value);
  }

  /** Takes in what a merge key names: an object, or several, the first of which count most. */
  private static void merge(ObjectNode object, JsonNode merged) {
    List<JsonNode> sources = new ArrayList<>();
    if (merged.isArray()) {
      merged.forEach(source -> sources.add(0, source));
    } else {
      sources.add(merged);
    }
    for (JsonNode source : sources) {
      source.properties().forEach(entry -> object.set(entry.getKey(), entry.getValue()));
    }
  }

  /**
   * Adds an object, or those of a list.
   *
   * @param of the list that it is an item of, null where it is none
   */
  private void add(String where, JsonNode json, @Nullable Manifest of)
      throws InvalidCheckException {
    if (!json.isObject()) {
      throw wrong(where, "expected a Kubernetes object with apiVersion and kind, was no object");
    }
    // The items of a typed list need not say what they are.
    String kind =
        text(where, json, "kind", of == null ? "" : of.kind().replaceFirst(LIST + "$", ""));
    String apiVersion = text(where, json, "apiVersion", of == null ? "" : of.apiVersion());
    JsonNode metadata = json.path("metadata");
    String name = metadata.path("name").asString("");
    Manifest manifest =
        new Manifest(
            where,
            apiVersion,
            kind,
            metadata.path("namespace").asString("default"),
            name.isEmpty()
                ? metadata.path("generateName").asString("").replaceFirst("-$", "")
                : name,
            json);
    JsonNode items = json.path("items");
    if (!kind.endsWith(LIST) || !items.isArray()) {
      manifests.add(manifest);
      return;
    }
    for (int i = 0; i < items.size(); i++) {
      add(where + " item " + (i + 1), items.path(i), manifest);
    }
  }

  private String text(String where, JsonNode json, String key, String otherwise)
      throws InvalidCheckException {
    JsonNode value = json.path(key);
    if (value.isString() && !value.asString().isBlank()) {
      return value.asString();
    }
    if (otherwise.isEmpty()) {
      throw wrong(where, "expected a Kubernetes object with " + key + ", was none");
    }
    return otherwise;
  }
}
