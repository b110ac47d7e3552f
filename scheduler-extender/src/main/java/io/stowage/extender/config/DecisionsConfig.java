package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code decisions}: the log of decisions.
 *
 * @param directory where each start of the service writes a log, empty for none; default none
 * @param maxMebibytes how large a log becomes before it ends, 1 to 100000; default 1024
 */
public record DecisionsConfig(String directory, int maxMebibytes) {

  /** Checks every setting; throws IllegalArgumentException. */
  public DecisionsConfig {
    StowageConfig.requireRange("decisions.maxMebibytes", maxMebibytes, 1, 100_000);
    if (directory.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("decisions.directory: expected the path of a directory");
    }
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static DecisionsConfig of(@Nullable String directory, @Nullable Integer maxMebibytes) {
    return new DecisionsConfig(
        StowageConfig.or(directory, ""), StowageConfig.or(maxMebibytes, 1024));
  }

  /** Returns the defaults. */
  static DecisionsConfig defaults() {
    return of(null, null);
  }

  /** Returns where logs are written, none where they are not. */
  public Optional<Path> directoryPath() {
    return directory.isBlank() ? Optional.empty() : Optional.of(Path.of(directory));
  }

  /** Returns how large a log becomes. */
  public long maxBytes() {
    return (long) maxMebibytes << 20;
  }
}
