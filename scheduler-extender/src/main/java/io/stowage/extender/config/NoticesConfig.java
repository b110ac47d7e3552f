package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code notices}: what is said about nodes beside metrics, log and Events, and Events
 * about waiting pods.
 *
 * @param nodeConditions whether nodes where another extender is at work get a condition; needs the
 *     right to patch nodes/status; default true
 * @param podEvents whether pods that wait get an Event that says why; default true
 * @param schedulerNames the schedulers that those pods ask for; default stowage
 */
public record NoticesConfig(
    boolean nodeConditions, boolean podEvents, List<String> schedulerNames) {

  /** Checks and copies every setting; throws IllegalArgumentException. */
  public NoticesConfig {
    schedulerNames = List.copyOf(schedulerNames);
    if (schedulerNames.isEmpty() || schedulerNames.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "notices.schedulerNames: expected names such as [stowage], was " + schedulerNames);
    }
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static NoticesConfig of(
      @Nullable Boolean nodeConditions,
      @Nullable Boolean podEvents,
      @Nullable List<String> schedulerNames) {
    return new NoticesConfig(
        StowageConfig.or(nodeConditions, true),
        StowageConfig.or(podEvents, true),
        StowageConfig.or(schedulerNames, List.of("stowage")));
  }

  /** Returns the {@code schedulerName} of the pods that get Events, none where none do. */
  public Set<String> toldSchedulerNames() {
    return podEvents ? Set.copyOf(schedulerNames) : Set.of();
  }

  /** Returns the defaults. */
  static NoticesConfig defaults() {
    return of(null, null, null);
  }
}
