package io.stowage.extender.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.yaml.YamlFormatException;
import io.stowage.extender.yaml.YamlRecords;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Replays to be compared: each input in each variant under each protocol, for each of the seeds
 * with each policy.
 *
 * @param name the title of its report
 * @param inputs the clusters and workloads
 * @param variants what if they were different; one, as it is, where none are given
 * @param protocols the protocols with their settings
 * @param policies the placement policies; the others are compared with the first
 * @param seeds which seeds
 * @param bound whether to prove what no policy could pass as well
 */
public record Experiment(
    String name,
    List<ExperimentInput> inputs,
    List<ClusterVariant> variants,
    List<ReplaySettings> protocols,
    List<String> policies,
    Seeds seeds,
    boolean bound) {

  /**
   * Seeds one after another.
   *
   * @param first the first
   * @param count how many, 1 to 10000
   */
  public record Seeds(long first, int count) {
    private static final int MOST = 10_000;

    /** Throws IllegalArgumentException for a count out of range. */
    public Seeds {
      if (count < 1 || count > MOST) {
        throw new IllegalArgumentException(
            "seeds: expected a count of 1 to " + MOST + ", was " + count);
      }
    }

    @JsonCreator
    static Seeds of(@Nullable Long first, @Nullable Integer count) {
      return new Seeds(first == null ? 42 : first, count == null ? 1 : count);
    }
  }

  /** Copies the lists; throws IllegalArgumentException for a name taken twice or an empty list. */
  public Experiment {
    inputs = List.copyOf(inputs);
    variants = List.copyOf(variants);
    protocols = List.copyOf(protocols);
    policies = List.copyOf(policies);
    requireSome("inputs", inputs);
    requireSome("variants", variants);
    requireSome("protocols", protocols);
    requireSome("policies", policies);
    requireDistinct("inputs", inputs.stream().map(ExperimentInput::name).toList());
    requireDistinct("variants", variants.stream().map(ClusterVariant::name).toList());
    requireDistinct("policies", policies);
    policies.forEach(Replays::requirePolicy);
  }

  @JsonCreator
  static Experiment of(
      @Nullable String name,
      @Nullable List<ExperimentInput> inputs,
      @Nullable List<ClusterVariant> variants,
      @Nullable List<ReplaySettings> protocols,
      @Nullable List<String> policies,
      @Nullable Seeds seeds,
      @Nullable Boolean bound) {
    return new Experiment(
        name == null ? "Experiment" : name,
        given(inputs),
        variants == null ? List.of(ClusterVariant.NONE) : given(variants),
        given(protocols),
        given(policies),
        seeds == null ? new Seeds(42, 1) : seeds,
        bound != null && bound);
  }

  /** Returns the list without the nulls that YAML has for an item left empty; none for null. */
  static <T> List<T> given(@Nullable List<T> list) {
    return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
  }

  private static void requireSome(String key, List<?> list) {
    if (list.isEmpty()) {
      throw new IllegalArgumentException(key + ": expected at least one, was none");
    }
  }

  private static void requireDistinct(String key, List<String> names) {
    Set<String> taken = new HashSet<>();
    for (String name : names) {
      if (!taken.add(name)) {
        throw new IllegalArgumentException(key + ": expected each once, '" + name + "' was twice");
      }
    }
  }

  /** Reads a file; throws InvalidExperimentException where it is not as expected. */
  public static Experiment read(Path file) throws InvalidExperimentException {
    try {
      return YamlRecords.read(file, Experiment.class, "key");
    } catch (YamlFormatException e) {
      throw new InvalidExperimentException(String.valueOf(e.getMessage()));
    }
  }
}
