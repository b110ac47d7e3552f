package io.stowage.core.replay;

import io.stowage.core.cluster.PodShape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** The same arrivals in an order that misleads a forecast. */
enum MisleadingOrder {
  /** The smallest first: the forecast never knows of the large ones in time. */
  SMALL_FIRST,
  /** The largest first. */
  LARGE_FIRST,
  /** First the pods of whole GPUs, then shares and the rest: a mix that changes in mid-run. */
  MIX_CHANGES,
  /** Rows of 100 pods that are alike. */
  REPLICAS,
  /** Kinds of pods in turn, each until there are no more of it: every forecast is wrong. */
  KIND_BY_KIND;

  /**
   * Returns arrivals in this order.
   *
   * @param shape what one asks for
   * @param gpuMilli how much GPU a shape asks for
   */
  <T> List<T> of(List<T> arrivals, Function<T, PodShape> shape, ToLongFunction<PodShape> gpuMilli) {
    Comparator<T> bySize =
        Comparator.comparingLong(arrival -> gpuMilli.applyAsLong(shape.apply(arrival)));
    return switch (this) {
      case SMALL_FIRST -> sorted(arrivals, bySize);
      case LARGE_FIRST -> sorted(arrivals, bySize.reversed());
      case MIX_CHANGES ->
          sorted(arrivals, Comparator.comparing(pod -> !shape.apply(pod).gpu().isWhole()));
      case REPLICAS -> inRows(arrivals, shape, 100);
      case KIND_BY_KIND -> inRows(arrivals, shape, Integer.MAX_VALUE);
    };
  }

  private static <T> List<T> sorted(List<T> arrivals, Comparator<T> order) {
    return arrivals.stream().sorted(order).toList();
  }

  /** Puts pods of a shape together, at most so many at a time, in random order of the rows. */
  private static <T> List<T> inRows(List<T> arrivals, Function<T, PodShape> shape, int length) {
    List<List<T>> rows = new ArrayList<>();
    for (T arrival :
        sorted(arrivals, Comparator.comparingInt(each -> shape.apply(each).hashCode()))) {
      List<T> last = rows.isEmpty() ? List.of() : rows.get(rows.size() - 1);
      if (last.isEmpty()
          || last.size() >= length
          || !shape.apply(last.get(0)).equals(shape.apply(arrival))) {
        rows.add(new ArrayList<>());
      }
      rows.get(rows.size() - 1).add(arrival);
    }
    SplittableRandom random = new SplittableRandom(47);
    for (int i = rows.size() - 1; i > 0; i--) {
      Collections.swap(rows, i, random.nextInt(i + 1));
    }
    return rows.stream().flatMap(List::stream).toList();
  }
}
