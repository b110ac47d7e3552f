package io.stowage.extender.experiment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The directory of an experiment: its plan, and one file for each run that is done. Files appear
 * whole, so that several processes may share one. Thread-safe.
 */
public final class RunFiles {
  private static final String PLAN = "experiment.json";
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private final Path directory;

  /** A result beside what it is the result of, so that a file says by itself what it is. */
  private record Content(
      @Nullable String key,
      @Nullable String input,
      @Nullable String variant,
      @Nullable Object settings,
      @Nullable String policy,
      long seed,
      @Nullable RunResult result) {}

  /** Names the directory; nothing is made yet. */
  public RunFiles(Path directory) {
    this.directory = directory;
  }

  /** Returns the file of a run, whether it is there or not. */
  Path file(String key) {
    return directory.resolve("runs").resolve(key + ".json");
  }

  /** Makes the directory and writes the plan into it. */
  void write(ExperimentPlan plan) throws IOException {
    Files.createDirectories(directory.resolve("runs"));
    write(directory.resolve(PLAN), plan);
  }

  /** Writes the result of a run. */
  void write(ExperimentPlan.Case of, ExperimentPlan.Run run, RunResult result) throws IOException {
    write(
        file(run.key()),
        new Content(
            run.key(), of.input(), of.variant(), of.settings(), run.policy(), run.seed(), result));
  }

  private static void write(Path file, Object content) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      Files.writeString(part, MAPPER.writeValueAsString(content), StandardCharsets.UTF_8);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /**
   * Reads the plan.
   *
   * @throws InvalidExperimentException where there is none or it is not one
   */
  public ExperimentPlan plan() throws IOException, InvalidExperimentException {
    Path file = directory.resolve(PLAN);
    try {
      ExperimentPlan plan =
          MAPPER.readValue(Files.readString(file, StandardCharsets.UTF_8), ExperimentPlan.class);
      if (plan != null) {
        return plan;
      }
    } catch (NoSuchFileException e) {
      throw new InvalidExperimentException(
          directory + ": expected a directory that stowage experiment wrote, has no " + PLAN);
    } catch (JacksonException e) {
      throw new InvalidExperimentException(
          file + ": expected what stowage experiment wrote: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new InvalidExperimentException(file + ": cannot be read: " + e);
    }
    throw new InvalidExperimentException(file + ": expected what stowage experiment wrote");
  }

  /**
   * Reads the result of a run, none where it is not there.
   *
   * @throws InvalidExperimentException where there is a file that is no result of the run
   */
  Optional<RunResult> result(String key) throws InvalidExperimentException {
    Path file = file(key);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Content content =
          MAPPER.readValue(Files.readString(file, StandardCharsets.UTF_8), Content.class);
      if (content != null && key.equals(content.key) && content.result != null) {
        return Optional.of(content.result);
      }
      throw new InvalidExperimentException(file + ": is not the result of the run it is named by");
    } catch (JacksonException e) {
      throw new InvalidExperimentException(file + ": is not a result: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new InvalidExperimentException(file + ": cannot be read: " + e);
    }
  }
}
