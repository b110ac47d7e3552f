package io.stowage.extender.experiment;

import io.stowage.core.replay.RecordedReplay;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a replay's figures come from, beside its policies and seeds; equal to itself written as JSON
 * and read again.
 *
 * @param stowage the version of Stowage
 * @param settings the protocol and its settings, by name
 * @param input what the cluster and the workload consist of: digests of files, numbers, and what
 *     was changed in them
 */
public record ReplayOrigin(
    String stowage, Map<String, Object> settings, Map<String, Object> input) {
  /** The protocol of a replay of a log of decisions. */
  public static final String RECORDED = "recorded";

  /** Settings of how pods are placed, not of what is to be placed. */
  private static final Set<String> OF_PLACEMENT = Set.of("policy", "keepSeconds", "freeOrder");

  private static final int DIGEST_LETTERS = 64;
  private static final int TOLD_LETTERS = 12;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /** Copies both as JSON has them. */
  public ReplayOrigin {
    settings = asJson(settings);
    input = asJson(input);
  }

  private static Map<String, Object> asJson(Map<String, Object> map) {
    return Collections.unmodifiableMap(
        MAPPER.readValue(
            MAPPER.writeValueAsString(map), new TypeReference<LinkedHashMap<String, Object>>() {}));
  }

  /**
   * Returns that of a replay of files or of something generated.
   *
   * @param input what is replayed, relative to the working directory
   * @param addNodes how many copies of which node are added
   * @param removeNodes what the names of removed nodes start with
   * @throws InvalidExperimentException where a file is not there
   */
  public static ReplayOrigin of(
      String stowage,
      ReplaySettings settings,
      ExperimentInput input,
      Map<String, Integer> addNodes,
      List<String> removeNodes)
      throws IOException, InvalidExperimentException {
    Map<String, Object> contents = input.contents(Path.of(""));
    if (!addNodes.isEmpty()) {
      contents.put("addNodes", addNodes);
    }
    if (!removeNodes.isEmpty()) {
      contents.put("removeNodes", removeNodes);
    }
    return new ReplayOrigin(stowage, settings.byName(), contents);
  }

  /**
   * Returns that of a replay of a log of decisions.
   *
   * @param decisions the log
   * @throws InvalidExperimentException where it is not there
   */
  public static ReplayOrigin recorded(String stowage, double keepSeconds, Path decisions)
      throws IOException, InvalidExperimentException {
    return new ReplayOrigin(
        stowage, recordedSettings(keepSeconds), Map.of("decisions", Digests.sha256Hex(decisions)));
  }

  /** Returns the settings of a replay of a log of decisions, by name. */
  public static Map<String, Object> recordedSettings(double keepSeconds) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("protocol", RECORDED);
    settings.put("keepSeconds", keepSeconds);
    return settings;
  }

  /** Returns the same with the policy that settings name. */
  public ReplayOrigin placedBy(String policy) {
    Map<String, Object> changed = new LinkedHashMap<>(settings);
    changed.put("policy", policy);
    return new ReplayOrigin(stowage, changed, input);
  }

  /** Returns the names of the figures that are GPU allocation, in percent of capacity. */
  List<String> allocations() {
    return Protocol.inflation.name().equals(settings.get("protocol"))
        ? List.of("gpuAllocationPercentAt100", "gpuAllocationPercentAt130")
        : List.of("gpuAllocationPercent");
  }

  /** Tells whether a policy's name stands for what was decided in a log, which has no seed. */
  boolean isAsDecided(String policy) {
    return RECORDED.equals(settings.get("protocol")) && policy.equals(RecordedReplay.AS_DECIDED);
  }

  /** Returns what keeps figures of the two from being compared, a text each. */
  List<String> differencesTo(ReplayOrigin now) {
    List<String> differences = new ArrayList<>();
    for (String name : names(settings, now.settings)) {
      if (!OF_PLACEMENT.contains(name)) {
        addDifference(name, settings.get(name), now.settings.get(name), differences);
      }
    }
    for (String name : names(input, now.input)) {
      addDifference(name, input.get(name), now.input.get(name), differences);
    }
    return differences;
  }

  /** Returns what else is different, which is what figures are compared for. */
  List<String> changesTo(ReplayOrigin now) {
    List<String> changes = new ArrayList<>();
    addDifference("version of Stowage", stowage, now.stowage, changes);
    for (String name : names(settings, now.settings)) {
      if (OF_PLACEMENT.contains(name)) {
        addDifference(name, settings.get(name), now.settings.get(name), changes);
      }
    }
    return changes;
  }

  private static Set<String> names(Map<String, Object> some, Map<String, Object> others) {
    Set<String> names = new LinkedHashSet<>(some.keySet());
    names.addAll(others.keySet());
    return names;
  }

  private static void addDifference(
      String name, @Nullable Object was, @Nullable Object is, List<String> differences) {
    if (!Objects.equals(was, is)) {
      differences.add("%s was %s, is %s".formatted(name, text(was), text(is)));
    }
  }

  private static String text(@Nullable Object value) {
    if (value == null) {
      return "none";
    }
    String text = String.valueOf(value);
    return text.length() == DIGEST_LETTERS
        ? "a file of SHA-256 " + text.substring(0, TOLD_LETTERS) + "..."
        : text;
  }
}
