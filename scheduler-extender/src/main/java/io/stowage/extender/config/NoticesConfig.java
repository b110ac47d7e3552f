package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code notices}: what is said about nodes beside metrics, log and Events.
 *
 * @param nodeConditions whether nodes where another extender is at work get a condition; needs the
 *     right to patch nodes/status; default true
 */
public record NoticesConfig(boolean nodeConditions) {

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static NoticesConfig of(@Nullable Boolean nodeConditions) {
    return new NoticesConfig(StowageConfig.or(nodeConditions, true));
  }

  /** Returns the defaults. */
  static NoticesConfig defaults() {
    return of(null);
  }
}
