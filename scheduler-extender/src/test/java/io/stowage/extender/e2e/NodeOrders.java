package io.stowage.extender.e2e;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The orders in which requests name the same nodes, as text: a line each, as in {@code 7-9,3,4},
 * with nodes numbered as they come in one of the requests.
 */
final class NodeOrders {
  private NodeOrders() {}

  /** Returns the lines for the bodies of requests, by the request that makes them shortest. */
  static List<String> of(List<byte[]> bodies) {
    List<List<String>> requests = bodies.stream().map(NodeOrders::names).toList();
    return requests.stream()
        .map(
            first -> {
              Map<String, Integer> numbers = new HashMap<>();
              Stream.concat(Stream.of(first), requests.stream())
                  .flatMap(List::stream)
                  .forEach(name -> numbers.putIfAbsent(name, numbers.size()));
              return requests.stream().map(names -> runs(names, numbers)).toList();
            })
        .min(Comparator.comparing(lines -> lines.stream().mapToInt(String::length).sum()))
        .orElseThrow();
  }

  private static List<String> names(byte[] body) {
    List<String> names = new ArrayList<>();
    for (JsonNode name : JsonMapper.shared().readTree(body).path("NodeNames")) {
      names.add(name.asString());
    }
    return names;
  }

  private static String runs(List<String> names, Map<String, Integer> numbers) {
    List<String> runs = new ArrayList<>();
    int at = 0;
    while (at < names.size()) {
      int first = numbers.get(names.get(at));
      int last = first;
      at++;
      while (at < names.size() && numbers.get(names.get(at)) == last + 1) {
        last++;
        at++;
      }
      runs.add(first == last ? String.valueOf(first) : first + "-" + last);
    }
    return String.join(",", runs);
  }
}
