package io.stowage.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The order in which requests name nodes, another in each. Not thread-safe. */
public interface NodeOrder {
  /** Returns nodes, or most of them, in the order of the next request. */
  List<String> next(List<String> nodes);

  /** Returns random orders, in which kube-scheduler's workers on many cores might name nodes. */
  static NodeOrder random(long seed) {
    Random random = new Random(seed);
    return nodes -> {
      List<String> ordered = new ArrayList<>(nodes);
      Collections.shuffle(ordered, random);
      return ordered;
    };
  }

  /**
   * Returns the orders of requests of a kube-scheduler v1.37.2 with 5,000 nodes on two cores:
   * sixteen of one run, of which parts are interleaved in five, then sixteen of another, in
   * thirteen. The first of fewer nodes keep the order that they have, and more are so many lists of
   * 5,000 one after the other. Which node comes first has nothing to do with names, so that is
   * random.
   */
  static NodeOrder recorded(long seed) {
    List<int[]> orders;
    try (InputStream lines = NodeOrder.class.getResourceAsStream("node-orders.txt")) {
      if (lines == null) {
        throw new IllegalStateException("the recording node-orders.txt is missing");
      }
      orders =
          new String(lines.readAllBytes(), StandardCharsets.US_ASCII)
              .lines()
              .map(NodeOrder::numbers)
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int[] next = new int[1];
    return nodes -> {
      List<String> numbered = new ArrayList<>(nodes);
      Collections.shuffle(numbered, new Random(seed));
      int[] order = orders.get(next[0]++ % orders.size());
      List<String> ordered = new ArrayList<>();
      for (int from = 0; from < nodes.size(); from += RECORDED_NODES) {
        for (int number : order) {
          if (from + number < nodes.size()) {
            ordered.add(numbered.get(from + number));
          }
        }
      }
      return ordered;
    };
  }

  /** How many nodes there were in the recording; a request lacks those that are full. */
  int RECORDED_NODES = 5_000;

  private static int[] numbers(String line) {
    List<Integer> numbers = new ArrayList<>();
    for (String run : line.split(",", -1)) {
      String[] ends = run.split("-", -1);
      int last = Integer.parseInt(ends[ends.length - 1]);
      for (int number = Integer.parseInt(ends[0]); number <= last; number++) {
        numbers.add(number);
      }
    }
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }
}
