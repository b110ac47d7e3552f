package io.stowage.extender.yaml;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** Reads YAML into records: unknown keys and values of another type are refused in a sentence. */
public final class YamlRecords {
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
          .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
          .build();

  private YamlRecords() {}

  /** Returns the record of a file that sets nothing. */
  public static <T> T ofNothing(Class<T> type) {
    return MAPPER.readValue("{}", type);
  }

  /**
   * Reads a file; one that is empty sets nothing.
   *
   * @param what what its keys are called in messages, such as "setting"
   * @throws YamlFormatException where it cannot be read or is refused
   */
  public static <T> T read(Path file, Class<T> type, String what) throws YamlFormatException {
    return parse(file.toString(), text(file), type, what);
  }

  /**
   * Reads a text; one that is empty sets nothing.
   *
   * @param name where the text is from, for messages
   * @param what what its keys are called in messages, such as "setting"
   * @throws YamlFormatException where it is refused
   */
  public static <T> T parse(String name, String text, Class<T> type, String what)
      throws YamlFormatException {
    try {
      return MAPPER.readTree(text).isMissingNode() || MAPPER.readTree(text).isNull()
          ? ofNothing(type)
          : MAPPER.readValue(text, type);
    } catch (JacksonException e) {
      // A record that misses a key is refused before the key that was written instead is looked at.
      String sentence =
          e.getCause() instanceof IllegalArgumentException
              ? unknown(MAPPER.readTree(text), type, "", what).orElseGet(() -> sentence(e, what))
              : sentence(e, what);
      throw new YamlFormatException(name + where(e) + ": " + sentence);
    }
  }

  /**
   * Returns a file's text.
   *
   * @throws YamlFormatException where it cannot be read
   */
  public static String text(Path file) throws YamlFormatException {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new YamlFormatException(file + ": cannot be read: " + e);
    }
  }

  /**
   * Returns a text's documents as they are, without empty ones.
   *
   * @param name where the text is from, for messages
   * @throws YamlFormatException where it is no YAML
   */
  public static List<JsonNode> documents(String name, String text) throws YamlFormatException {
    try (MappingIterator<JsonNode> documents = MAPPER.readerFor(JsonNode.class).readValues(text)) {
      return documents.readAll().stream()
          .filter(document -> !document.isNull() && !document.isMissingNode())
          .toList();
    } catch (JacksonException e) {
      throw new YamlFormatException(name + where(e) + ": " + sentence(e, "key"));
    }
  }

  /** Returns a record as YAML. */
  public static String write(Record value) {
    return MAPPER.writeValueAsString(value);
  }

  /** Returns a record's values as text by their keys' paths; lists stay whole, null is left out. */
  public static SortedMap<String, String> leaves(Record value) {
    SortedMap<String, String> leaves = new TreeMap<>();
    leaves("", MAPPER.valueToTree(value), leaves);
    return leaves;
  }

  private static void leaves(String path, JsonNode node, Map<String, String> leaves) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              entry ->
                  leaves(
                      path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(),
                      entry.getValue(),
                      leaves));
    } else if (!node.isNull()) {
      leaves.put(path, node.toString());
    }
  }

  /** Returns a sentence on a key that is no component of the record it was written in. */
  private static Optional<String> unknown(JsonNode node, Type type, String path, String what) {
    if (type instanceof Class<?> record && record.isRecord()) {
      for (String name : node.propertyNames()) {
        String key = path.isEmpty() ? name : path + "." + name;
        Optional<RecordComponent> component =
            Arrays.stream(record.getRecordComponents())
                .filter(known -> known.getName().equals(name))
                .findFirst();
        Optional<String> unknown =
            component.isEmpty()
                ? Optional.of(unknown(what, key, record))
                : unknown(node.path(name), component.get().getGenericType(), key, what);
        if (unknown.isPresent()) {
          return unknown;
        }
      }
    } else if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      for (int i = 0; i < node.size(); i++) {
        Optional<String> unknown =
            unknown(node.path(i), list.getActualTypeArguments()[0], path + "[" + i + "]", what);
        if (unknown.isPresent()) {
          return unknown;
        }
      }
    }
    return Optional.empty();
  }

  private static String unknown(String what, String key, Class<?> type) {
    return "unknown " + what + " '" + key + "'; there are " + keys(type);
  }

  private static String where(JacksonException e) {
    return e.getCause() instanceof IllegalArgumentException
            || e.getLocation() == null
            || e.getLocation().getLineNr() < 1
        ? ""
        : " line " + e.getLocation().getLineNr();
  }

  private static String sentence(JacksonException e, String what) {
    if (e.getCause() instanceof IllegalArgumentException invalid) {
      return String.valueOf(invalid.getMessage());
    }
    if (e instanceof UnrecognizedPropertyException unknown) {
      return unknown(what, key(unknown), unknown.getReferringClass());
    }
    String key = key(e);
    if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
      return (key.isEmpty() ? "" : key + ": ")
          + "expected "
          + expected(mismatch.getTargetType(), what);
    }
    String message =
        e.getOriginalMessage().lines().map(String::strip).collect(Collectors.joining(" "));
    return e instanceof DatabindException ? key + ": " + message : "expected YAML: " + message;
  }

  /** Returns the path of the key in question, such as {@code leadership.fence.refusals}. */
  private static String key(JacksonException e) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference reference : e.getPath()) {
      if (reference.getPropertyName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(reference.getPropertyName());
      }
    }
    return path.toString();
  }

  private static String expected(Class<?> type, String what) {
    if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
      return "a whole number";
    } else if (type == Double.class || type == double.class) {
      return "a number";
    } else if (type == String.class) {
      return "a text";
    } else if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    } else if (type.isEnum()) {
      return "one of "
          + Arrays.stream(type.getEnumConstants())
              .map(String::valueOf)
              .collect(Collectors.joining(", "));
    }
    return List.class.isAssignableFrom(type) ? "a list" : what + "s by name: " + keys(type);
  }

  private static String keys(Class<?> type) {
    return Arrays.stream(type.isRecord() ? type.getRecordComponents() : new RecordComponent[0])
        .map(component -> component.getName())
        .collect(Collectors.joining(", "));
  }
}
