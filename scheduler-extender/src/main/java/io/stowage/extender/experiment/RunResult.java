package io.stowage.extender.experiment;

import io.stowage.core.replay.Progress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run came to.
 *
 * @param figures numbers, texts and maps of the same, by name; in order
 * @param curve how allocation went, none for a burst or a bound
 */
public record RunResult(Map<String, Object> figures, List<Progress.Point> curve) {
  /** Copies both. */
  public RunResult {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    curve = List.copyOf(curve);
  }

  /** Returns the same with another value of a figure. */
  public RunResult with(String figure, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(figures);
    changed.put(figure, value);
    return new RunResult(changed, curve);
  }
}
