package io.stowage.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
  @Test
  void tellsAllThatItReachesAndReachesAsFarAsThereAreSlots() {
    for (long seed = 531; seed < 541; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      ChangeLog log = new ChangeLog();
      List<Integer> all = new ArrayList<>();
      int slots = 1 + random.nextInt(100);
      int highest = 0;
      for (int i = 0; i < 30_000; i++) {
        slots += random.nextInt(50) == 0 ? random.nextInt(20) : 0;
        int slot = random.nextInt(slots);
        highest = Math.max(highest, slot);
        log.append(slot);
        all.add(slot);
        assertThat(log.end()).isEqualTo(all.size());
        int from = random.nextInt(all.size());
        if (log.reaches(from)) {
          int position = random.nextInt(from, all.size());
          assertThat(log.slot(position)).as("seed %s", seed).isEqualTo(all.get(position));
        }
      }
      int reached = 0;
      while (reached < all.size() && log.reaches(all.size() - reached - 1)) {
        reached++;
        assertThat(log.slot(all.size() - reached)).isEqualTo(all.get(all.size() - reached));
      }
      assertThat(reached).as("seed %s", seed).isGreaterThan(highest).isLessThan(all.size());
    }
  }
}
