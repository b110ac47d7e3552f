package io.stowage.extender.experiment;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A part of an experiment's runs.
 *
 * @param number which part, from 1
 * @param of how many parts there are
 */
public record Shard(int number, int of) {
  /** All runs. */
  public static final Shard WHOLE = new Shard(1, 1);

  /** What an indexed Kubernetes Job tells its pods their index by, from 0. */
  public static final String INDEX_VARIABLE = "JOB_COMPLETION_INDEX";

  private static final Pattern FORM = Pattern.compile("(?:([0-9]{1,6})/)?([0-9]{1,6})");

  /** Throws IllegalArgumentException for a part that there is not. */
  public Shard {
    if (of < 1 || number < 1 || number > of) {
      throw new IllegalArgumentException(
          "expected I/N with I from 1 to N, was " + number + "/" + of);
    }
  }

  /**
   * Reads a part.
   *
   * @param text {@code I/N}, or {@code N} with the index of the Job's pod for {@code I - 1}; all
   *     runs where null
   * @param completionIndex the index of the Job's pod, null where there is no such Job
   * @throws IllegalArgumentException where it is not of the form, or the index leaves open how many
   *     parts there are
   */
  public static Shard of(@Nullable String text, @Nullable String completionIndex) {
    if (text == null) {
      if (completionIndex != null) {
        throw new IllegalArgumentException(
            "expected N, of how many parts this is one, since " + INDEX_VARIABLE + " is set");
      }
      return WHOLE;
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "expected I/N, or N where " + INDEX_VARIABLE + " is set, was '" + text + "'");
    }
    int of = Integer.parseInt(form.group(2));
    if (form.group(1) != null) {
      return new Shard(Integer.parseInt(form.group(1)), of);
    }
    if (completionIndex == null || !completionIndex.matches("[0-9]{1,6}")) {
      throw new IllegalArgumentException(
          "expected I/N, or N where %s is set, was '%s' and %s"
              .formatted(
                  INDEX_VARIABLE,
                  text,
                  completionIndex == null ? "not set" : "'" + completionIndex + "'"));
    }
    return new Shard(Integer.parseInt(completionIndex) + 1, of);
  }
}
