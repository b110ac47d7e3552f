package io.stowage.extender.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import io.stowage.extender.yaml.YamlFormatException;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The reference of the settings and their JSON schema say what the records' documentation says, and
 * that says what the records do.
 *
 * <p>{@code -Dstowage.config.write=true} writes both files anew.
 */
class ConfigReferenceTest {
  private static final Path SOURCES = Path.of("src/main/java/io/stowage/extender/config");
  private static final Path REFERENCE = Path.of("../docs/configuration.md");
  private static final Path SCHEMA =
      Path.of("src/main/resources/io/stowage/extender/config/stowage-config.schema.json");
  private static final boolean WRITE = Boolean.getBoolean("stowage.config.write");

  /** One side may be another setting. */
  private static final Pattern RANGE =
      Pattern.compile("\\b(?:(\\d+) to (?:(\\d+)|[a-z])|[a-z]\\w* to (\\d+))");

  private static final String DEFAULT = "; default ";
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * A setting.
   *
   * @param key its path, such as {@code wake.burst}
   * @param standard what holds without a file; null for nothing
   */
  private record Setting(
      String key, Class<?> type, String documentation, @Nullable Object standard) {
    boolean isSection() {
      return type.isRecord();
    }

    /** Returns what it means, without its default. */
    String meaning() {
      int end = documentation.indexOf(DEFAULT);
      return end < 0 ? documentation : documentation.substring(0, end);
    }

    String standardText() {
      int start = documentation.indexOf(DEFAULT);
      return start < 0 ? "" : documentation.substring(start + DEFAULT.length());
    }

    OptionalInt least() {
      return bound(1);
    }

    OptionalInt most() {
      OptionalInt most = bound(2);
      return most.isPresent() ? most : bound(3);
    }

    private OptionalInt bound(int group) {
      Matcher range = RANGE.matcher(meaning());
      return isNumber() && range.find() && range.group(group) != null
          ? OptionalInt.of(Integer.parseInt(range.group(group)))
          : OptionalInt.empty();
    }

    boolean isNumber() {
      return type == int.class || type == Integer.class;
    }
  }

  /** Returns what a record's documentation says, by component. */
  private static Map<String, String> documentation(Class<?> record) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  null,
                  null,
                  files.getJavaFileObjects(SOURCES.resolve(record.getSimpleName() + ".java")));
      CompilationUnitTree unit = task.parse().iterator().next();
      ClassTree type = (ClassTree) unit.getTypeDecls().get(0);
      Map<String, String> texts = new LinkedHashMap<>();
      DocTrees.instance(task)
          .getDocCommentTree(TreePath.getPath(unit, type))
          .getBlockTags()
          .forEach(
              tag -> {
                if (tag instanceof ParamTree param) {
                  texts.put(
                      param.getName().toString(),
                      param.getDescription().stream()
                          .map(String::valueOf)
                          .collect(Collectors.joining())
                          .replaceAll("\\{@code\\s+([^}]*)}", "`$1`")
                          .replaceAll("\\s+", " ")
                          .strip());
                }
              });
      return texts;
    }
  }

  private static List<Setting> settings() throws IOException, ReflectiveOperationException {
    List<Setting> settings = new ArrayList<>();
    add(settings, "", StowageConfig.class, StowageConfig.defaults());
    return settings;
  }

  private static void add(
      List<Setting> settings, String prefix, Class<?> record, @Nullable Object standards)
      throws IOException, ReflectiveOperationException {
    Map<String, String> texts = documentation(record);
    for (RecordComponent component : record.getRecordComponents()) {
      Object standard = null;
      if (standards != null) {
        component.getAccessor().setAccessible(true);
        standard = component.getAccessor().invoke(standards);
      }
      String key = prefix + component.getName();
      assertThat(texts).as("@param tags of " + record).containsKey(component.getName());
      Setting setting =
          new Setting(
              key, component.getType(), texts.getOrDefault(component.getName(), ""), standard);
      settings.add(setting);
      if (setting.isSection()) {
        add(settings, key + ".", component.getType(), standard);
      }
    }
  }

  @Test
  void referenceIsWhatTheRecordsSay() throws IOException, ReflectiveOperationException {
    StringBuilder text =
        new StringBuilder(
            """
            # Settings

            One YAML file, `stowage serve --config FILE`. What it leaves out has its default; a key that is not known, or a value that is
            not allowed, is refused by name. A setting with a dot is one of a section: `wake: {burst: 20}`.

            - `stowage config check FILE…` checks it, and a KubeSchedulerConfiguration too; `stowage config show --config FILE` shows every
              setting as it holds.
            - The [JSON schema](../scheduler-extender/src/main/resources/io/stowage/extender/config/stowage-config.schema.json) is for
              editors: `# yaml-language-server: $schema=…`; `stowage config schema` prints it.

            This page is made from the documentation of the records that read the file.

            | setting | default | |
            |---|---|---|
            """);
    for (Setting setting : settings()) {
      text.append(
          "| `%s` | %s | %s |%n"
              .formatted(setting.key(), setting.standardText(), setting.meaning()));
    }
    compare(REFERENCE, text.toString());
  }

  @Test
  void schemaIsWhatTheRecordsSay() throws IOException, ReflectiveOperationException {
    ObjectNode schema = MAPPER.createObjectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "Settings of stowage serve");
    object(schema);
    Map<String, ObjectNode> sections = new LinkedHashMap<>();
    sections.put("", schema);
    for (Setting setting : settings()) {
      int dot = setting.key().lastIndexOf('.');
      ObjectNode parent =
          Objects.requireNonNull(sections.get(dot < 0 ? "" : setting.key().substring(0, dot)));
      ObjectNode node =
          ((ObjectNode) parent.get("properties")).putObject(setting.key().substring(dot + 1));
      node.put("description", setting.documentation());
      if (setting.isSection()) {
        object(node);
        sections.put(setting.key(), node);
      } else {
        value(node, setting);
      }
    }
    compare(SCHEMA, MAPPER.writeValueAsString(schema) + "\n");
  }

  private static void object(ObjectNode node) {
    node.put("type", "object");
    node.put("additionalProperties", false);
    node.putObject("properties");
  }

  private static void value(ObjectNode node, Setting setting) {
    if (setting.type() == List.class) {
      node.put("type", "array");
      node.putObject("items").put("type", "string");
    } else if (setting.isNumber()) {
      node.put("type", "integer");
      setting.least().ifPresent(least -> node.put("minimum", least));
      setting.most().ifPresent(most -> node.put("maximum", most));
    } else {
      node.put("type", setting.type() == String.class ? "string" : "boolean");
    }
  }

  private static void compare(Path file, String expected) throws IOException {
    if (WRITE) {
      Files.writeString(file, expected);
    }
    assertThat(file).as("run this test with -Dstowage.config.write=true").hasContent(expected);
  }

  @TestFactory
  Stream<DynamicTest> defaultsAreTheOnesThatHold()
      throws IOException, ReflectiveOperationException {
    return settings().stream()
        .filter(setting -> !setting.isSection() && setting.standard() != null)
        .filter(setting -> !setting.key().equals("leadership.identity")) // this host's name
        .map(
            setting ->
                DynamicTest.dynamicTest(
                    setting.key(),
                    () ->
                        assertThat(setting.standardText())
                            .startsWith(standard(setting.standard()))));
  }

  private static String standard(@Nullable Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
    String text = String.valueOf(value);
    return text.isEmpty() ? "none" : text;
  }

  @TestFactory
  Stream<DynamicTest> whatIsOutsideTheRangeIsRefused()
      throws IOException, ReflectiveOperationException {
    return settings().stream()
        .filter(Setting::isNumber)
        .map(
            setting ->
                DynamicTest.dynamicTest(
                    setting.key(),
                    () -> {
                      assertThat(setting.least().isPresent() || setting.most().isPresent())
                          .isTrue();
                      if (setting.least().isPresent()) {
                        requireRefused(setting.key(), setting.least().getAsInt() - 1);
                        requireNotOutOfRange(setting.key(), setting.least().getAsInt());
                      }
                      if (setting.most().isPresent()) {
                        requireRefused(setting.key(), setting.most().getAsInt() + 1);
                        requireNotOutOfRange(setting.key(), setting.most().getAsInt());
                      }
                    }));
  }

  private static String yaml(String key, int value) {
    return "{" + key.replace(".", ": {") + ": " + value + "}".repeat(key.split("\\.", -1).length);
  }

  private static void requireRefused(String key, int value) {
    assertThatThrownBy(() -> StowageConfig.parse("file", yaml(key, value)))
        .isInstanceOf(YamlFormatException.class)
        .hasMessageStartingWith("file: " + key + ": expected ");
  }

  /** Another rule may refuse it, such as that between two settings; its own range does not. */
  private static void requireNotOutOfRange(String key, int value) {
    Optional<String> refusal = Optional.empty();
    try {
      StowageConfig.parse("file", yaml(key, value));
    } catch (YamlFormatException e) {
      refusal = Optional.of(String.valueOf(e.getMessage()));
    }
    assertThat(refusal)
        .as("refusal of " + key + ": " + value)
        .satisfiesAnyOf(
            none -> assertThat(none).isEmpty(),
            other ->
                assertThat(other.orElseThrow())
                    .doesNotMatch("file: " + Pattern.quote(key) + ": expected \\d+ to \\d+.*"));
  }
}
