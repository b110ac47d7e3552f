package io.stowage.extender.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** The name that somebody may have meant who wrote another. */
public final class NearestName {
  private static final LevenshteinDistance DISTANCE = LevenshteinDistance.getDefaultInstance();

  private NearestName() {}

  /** Returns the name with the fewest letters to change, the first of several; none of none. */
  public static Optional<String> of(String written, Collection<String> names) {
    return names.stream()
        .min(Comparator.comparingInt((String name) -> DISTANCE.apply(written, name)));
  }
}
