package io.stowage.extender.names;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NodeNamesTest {
  static List<Long> seeds() {
    return List.of(1L, 2L, 3L, new Random().nextLong());
  }

  private static String randomName(Random random) {
    int length = random.nextInt(10) == 0 ? random.nextInt(254) : random.nextInt(20);
    String alphabet = random.nextInt(10) == 0 ? "aé\u2603" : "ab";
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < length; i++) {
      name.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return name.toString();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void namesAreFoundAsInAMap(long seed) {
    Random random = new Random(seed);
    NodeNames names = new NodeNames();
    Map<String, Integer> slots = new HashMap<>();
    TreeSet<Integer> free = new TreeSet<>();
    for (int step = 0; step < 20_000; step++) {
      String name = randomName(random);
      if (random.nextInt(3) > 0) {
        if (!slots.containsKey(name)) {
          Integer slot = free.isEmpty() ? Integer.valueOf(slots.size()) : free.pollFirst();
          slots.put(name, slot);
          names.put(name, slot);
        }
      } else {
        Integer slot = slots.remove(name);
        if (slot != null) {
          free.add(slot);
        }
        names.remove(name);
      }
      String asked = randomName(random);
      assertThat(names.find(asked))
          .as("seed %d, step %d, name %s", seed, step, asked)
          .isEqualTo(slots.getOrDefault(asked, NodeNames.UNKNOWN));
    }
    assertThat(names.size()).isEqualTo(slots.size());
    slots.forEach((name, slot) -> assertThat(names.name(slot)).isEqualTo(name));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void arrayIsReadAsItsNames(long seed) {
    Random random = new Random(seed);
    NodeNames names = new NodeNames();
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String name = "n" + "x".repeat(random.nextInt(40)) + i;
      all.add(name);
      if (i % 5 > 0) {
        names.put(name, i);
      }
    }
    for (int round = 0; round < 200; round++) {
      List<String> asked = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(50); i++) {
        asked.add(all.get(random.nextInt(all.size())));
      }
      byte[] json =
          ("[\"" + String.join("\",\"", asked) + "\"] ").getBytes(StandardCharsets.US_ASCII);
      byte[] padded = Arrays.copyOf(json, json.length + JsonWords.BYTES);
      random.ints(JsonWords.BYTES).forEach(i -> padded[json.length + (i & 7)] = (byte) i);
      AskedNodes read = new AskedNodes(names);
      int after = names.readArray(padded, 1, json.length, read);
      assertThat(after).as("seed %d, round %d", seed, round).isEqualTo(json.length - 1);
      assertThat(read.names()).isEqualTo(asked);
      assertThat(read.unknown())
          .isEqualTo(asked.stream().filter(n -> names.find(n) == NodeNames.UNKNOWN).toList());
      for (int slot = 0; slot < all.size(); slot++) {
        assertThat(read.contains(slot)).isEqualTo(slot % 5 > 0 && asked.contains(all.get(slot)));
      }
      assertThat(read.hasDuplicates())
          .isEqualTo(
              asked.stream()
                  .filter(name -> names.find(name) != NodeNames.UNKNOWN)
                  .anyMatch(name -> asked.indexOf(name) < asked.lastIndexOf(name)));
      for (String name : asked) {
        assertThat(read.lastIndexOf(name)).isEqualTo(asked.lastIndexOf(name));
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void requestsAreReadAsTheirNamesWhateverOrderIsLearnt(long seed) {
    Random random = new Random(seed);
    assertRequestsAreRead(seed, slot -> "pool-" + "x".repeat(random.nextInt(4) * 6) + slot, random);
    assertRequestsAreRead(seed, "pool-%05d"::formatted, random);
    assertRequestsAreRead(seed, "ip-10-0-%05d.compute.internal"::formatted, random);
    assertRequestsAreRead(seed, slot -> (slot % 100 < 10 ? "a" : "gpu-") + (slot + 100), random);
  }

  private static void assertRequestsAreRead(long seed, IntFunction<String> naming, Random random) {
    NodeNames names = new NodeNames();
    List<String> nodes = new ArrayList<>();
    for (int slot = 0; slot < 300; slot++) {
      nodes.add(naming.apply(slot));
      names.put(nodes.get(slot), slot);
    }
    List<String> list = new ArrayList<>(nodes);
    Collections.shuffle(list, random);
    for (int round = 0; round < 400; round++) {
      if (random.nextInt(20) == 0) {
        Collections.shuffle(list, random);
      }
      int slot = random.nextInt(nodes.size());
      if (names.find(nodes.get(slot)) == NodeNames.UNKNOWN) {
        names.put(nodes.get(slot), slot);
      } else {
        names.remove(nodes.get(slot));
      }
      List<String> asked = interleaved(list, 1 + random.nextInt(3), random);
      asked.replaceAll(name -> random.nextInt(50) > 0 ? name : "q" + name.substring(1));
      byte[] json =
          ("[\"" + String.join("\",\"", asked) + "\"]").getBytes(StandardCharsets.US_ASCII);
      AskedNodes read = new AskedNodes(names);
      int after =
          names.readArray(Arrays.copyOf(json, json.length + JsonWords.BYTES), 1, json.length, read);
      assertThat(after).as("seed %d, round %d", seed, round).isEqualTo(json.length);
      assertThat(read.names()).as("seed %d, round %d", seed, round).isEqualTo(asked);
      assertThat(read.unknown())
          .isEqualTo(asked.stream().filter(n -> names.find(n) == NodeNames.UNKNOWN).toList());
      for (int i = 0; i < nodes.size(); i++) {
        int found = names.find(nodes.get(i));
        assertThat(found).isIn(NodeNames.UNKNOWN, i);
        assertThat(read.contains(i)).isEqualTo(found == i && asked.contains(nodes.get(i)));
      }
      List<Integer> slots = new ArrayList<>();
      read.forEachSlot(slots::add);
      assertThat(slots)
          .isEqualTo(IntStream.range(0, nodes.size()).filter(read::contains).boxed().toList());
      assertThat(read.hasDuplicates()).isFalse();
    }
  }

  /** Returns most of a list, in parts by turns, as several workers go through it. */
  private static List<String> interleaved(List<String> list, int workers, Random random) {
    List<Iterator<String>> parts = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      int size = list.size();
      parts.add(list.subList(i * size / workers, (i + 1) * size / workers).iterator());
    }
    List<String> names = new ArrayList<>();
    while (!parts.isEmpty()) {
      Iterator<String> part = parts.get(random.nextInt(parts.size()));
      if (!part.hasNext()) {
        parts.remove(part);
      } else {
        String name = part.next();
        if (random.nextInt(20) > 0) {
          names.add(name);
        }
      }
    }
    return names;
  }

  @Test
  void whatIsNoArrayOfPlainNamesIsLeftToOthers() {
    NodeNames names = new NodeNames();
    for (String json :
        new String[] {
          "[\"a\"",
          "[\"a\",",
          "[\"a\",]",
          "[\"a\" ]",
          "[ \"a\"]",
          "[5]",
          "[\"a\\u0062\"]",
          "[\"\u00e9\"]",
          "[\"a\n\"]",
          "[\"aaaaaaaaaaaaaaaaa",
          "[\"a\"x",
          "[\"a\",\"b"
        }) {
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      byte[] padded = Arrays.copyOf(bytes, bytes.length + JsonWords.BYTES);
      padded[bytes.length] = '"';
      padded[bytes.length + 1] = ']';
      assertThat(names.readArray(padded, 1, bytes.length, new AskedNodes(names)))
          .as(json)
          .isEqualTo(NodeNames.UNKNOWN);
    }
  }

  @Test
  void namesThatJsonEscapesAreNotTakenIn() {
    NodeNames names = new NodeNames();
    names.put("a", 0);
    int slot = 1;
    for (String name : new String[] {"a\0", "a\"", "a\\b", "a\n"}) {
      names.put(name, slot++);
      assertThat(names.find(name)).isEqualTo(NodeNames.UNKNOWN);
      names.remove(name);
    }
    assertThat(names.find("a")).isZero();
    assertThat(names.size()).isEqualTo(1);
  }
}
