package io.stowage.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NameRanksTest {
  static List<Long> seeds() {
    return List.of(1L, 2L, new Random().nextLong());
  }

  private static void assertRankedByName(
      NameRanks ranks, @Nullable String[] names, String description) {
    for (int slot = 0; slot < names.length; slot++) {
      for (int other = 0; other < names.length; other++) {
        String name = names[slot];
        String otherName = names[other];
        if (name != null && otherName != null) {
          assertThat(ranks.comesFirst(slot, other))
              .as("%s: %s before %s", description, name, otherName)
              .isEqualTo(name.compareTo(otherName) < 0);
        }
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void ranksAreThoseOfNamesAsNodesComeAndGo(long seed) {
    Random random = new Random(seed);
    NameRanks ranks = new NameRanks();
    @Nullable String[] names = new @Nullable String[40];
    ranks.ensureSlots(names.length);
    for (int step = 0; step < 2_000; step++) {
      int slot = random.nextInt(names.length);
      String name = random.nextInt(3) == 0 ? null : "node-" + random.nextInt(1_000);
      if (name != null && Arrays.asList(names).contains(name)) {
        continue;
      }
      names[slot] = name;
      ranks.set(slot, name);
      if (step % 50 == 0) {
        assertRankedByName(ranks, names, "seed " + seed + ", step " + step);
      }
    }
    assertRankedByName(ranks, names, "seed " + seed);
  }

  @Test
  void roomBetweenTwoNamesDoesNotEnd() {
    NameRanks ranks = new NameRanks();
    @Nullable String[] names = new @Nullable String[200];
    ranks.ensureSlots(names.length);
    StringBuilder between = new StringBuilder("b");
    for (int slot = 0; slot < names.length; slot++) {
      names[slot] = slot == 0 ? "c" : slot == 1 ? "a" : between.append('a') + "b";
      ranks.set(slot, names[slot]);
    }
    assertRankedByName(ranks, names, "each before the last");
  }

  @Test
  void nodeThatMovesToAnotherSlotIsRankedThere() {
    NameRanks ranks = new NameRanks();
    ranks.ensureSlots(3);
    ranks.set(0, "a");
    ranks.set(1, "b");
    ranks.set(2, "b");
    ranks.set(1, "c");
    assertRankedByName(ranks, new @Nullable String[] {"a", "c", "b"}, "moved");
    ranks.set(0, "d");
    assertRankedByName(ranks, new @Nullable String[] {"d", "c", "b"}, "renamed");
  }
}
