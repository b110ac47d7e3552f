package io.stowage.extender.page;

import org.jspecify.annotations.Nullable;

/** Decides who may look. Thread-safe. */
@FunctionalInterface
public interface PageAccess {
  /** Everyone who reaches the port may: for loopback. */
  PageAccess OPEN = token -> Verdict.ALLOWED;

  /** What is decided. */
  enum Verdict {
    /** May look. */
    ALLOWED,
    /** No token, or one that stands for nobody. */
    UNKNOWN,
    /** Somebody, who may not. */
    FORBIDDEN,
    /** The API server did not answer. */
    UNDECIDED
  }

  /**
   * Decides; may block.
   *
   * @param token the bearer token, null where none came
   */
  Verdict decide(@Nullable String token);
}
