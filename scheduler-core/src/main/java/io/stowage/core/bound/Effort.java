package io.stowage.core.bound;

/**
 * How long to look for the lowest bound. Whatever is found by then is valid, and the same effort
 * gives the same bound.
 *
 * @param maxRounds rounds of column generation, at least 0
 * @param maxSearchSteps elementary steps of searches after which no round begins, at least 0
 * @param maxNodeTypes kinds of node above which GPUs are looked at alone, at least 0
 */
public record Effort(int maxRounds, long maxSearchSteps, int maxNodeTypes) {
  /** Enough for some thousand nodes of some ten types, in a minute or two. */
  public static final Effort DEFAULT = new Effort(300, 20_000_000_000L, 100);

  /** GPUs alone: a second or two. */
  public static final Effort GPUS_ALONE = new Effort(300, 20_000_000_000L, 0);

  /** Throws IllegalArgumentException for a negative limit. */
  public Effort {
    if (maxRounds < 0 || maxSearchSteps < 0 || maxNodeTypes < 0) {
      throw new IllegalArgumentException(
          "limits must be at least 0, were "
              + maxRounds
              + ", "
              + maxSearchSteps
              + " and "
              + maxNodeTypes);
    }
  }
}
