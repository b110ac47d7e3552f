package io.stowage.extender.experiment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * All runs of an experiment, known before any is run; equal for equal inputs wherever it is made.
 *
 * @param name the experiment's title
 * @param stowage the version of Stowage that runs it
 * @param cases in the order inputs, variants, protocols
 */
public record ExperimentPlan(String name, String stowage, List<Case> cases) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY).build();

  /** Copies the list. */
  public ExperimentPlan {
    cases = List.copyOf(cases);
  }

  /**
   * What policies are compared in.
   *
   * @param input the input's name
   * @param variant the variant's name
   * @param settings the protocol and its settings
   * @param runs by seed, then policy, the bound of a seed after its policies
   */
  public record Case(String input, String variant, Map<String, Object> settings, List<Run> runs) {
    /** Copies both. */
    public Case {
      settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
      runs = List.copyOf(runs);
    }
  }

  /**
   * One run.
   *
   * @param key the SHA-256, in hex, over all that determines its result
   * @param policy the policy, null for the bound
   * @param seed the seed
   */
  public record Run(String key, @Nullable String policy, long seed) {}

  /** Returns the plan of an experiment whose relative files are in a directory. */
  static ExperimentPlan of(Experiment experiment, Path directory, String stowage)
      throws IOException, InvalidExperimentException {
    List<Case> cases = new ArrayList<>();
    for (ExperimentInput input : experiment.inputs()) {
      Map<String, Object> contents = input.contents(directory);
      for (ClusterVariant variant : experiment.variants()) {
        for (ReplaySettings settings : experiment.protocols()) {
          Map<String, Object> determined = new LinkedHashMap<>();
          determined.put("stowage", stowage);
          determined.put("input", contents);
          determined.put("addNodes", variant.addNodes());
          determined.put("removeNodes", variant.removeNodes());
          determined.put("removePods", variant.removePods());
          determined.put("replacePods", variant.replacePods());
          determined.put("settings", settings.byName());
          cases.add(
              new Case(
                  input.name(), variant.name(), settings.byName(), runs(experiment, determined)));
        }
      }
    }
    return new ExperimentPlan(experiment.name(), stowage, cases);
  }

  private static List<Run> runs(Experiment experiment, Map<String, Object> determined) {
    List<Run> runs = new ArrayList<>();
    Experiment.Seeds seeds = experiment.seeds();
    for (long seed = seeds.first(); seed < seeds.first() + seeds.count(); seed++) {
      for (String policy : experiment.policies()) {
        runs.add(run(determined, policy, seed));
      }
      if (experiment.bound()) {
        runs.add(run(determined, null, seed));
      }
    }
    return runs;
  }

  private static Run run(Map<String, Object> determined, @Nullable String policy, long seed) {
    Map<String, Object> all = new LinkedHashMap<>(determined);
    all.put("run", policy == null ? "bound" : "policy " + policy);
    all.put("seed", seed);
    MessageDigest digest = Digests.sha256();
    digest.update(MAPPER.writeValueAsString(all).getBytes(StandardCharsets.UTF_8));
    return new Run(Digests.hex(digest), policy, seed);
  }

  /** Returns the keys of all runs, each once, in order. */
  public List<String> keys() {
    return cases.stream().flatMap(c -> c.runs().stream()).map(Run::key).distinct().toList();
  }

  /** Returns the keys of a part of the runs: every so-manieth. */
  List<String> keys(Shard shard) {
    List<String> keys = keys();
    return IntStream.range(0, keys.size())
        .filter(i -> i % shard.of() == shard.number() - 1)
        .mapToObj(keys::get)
        .toList();
  }
}
