package io.stowage.extender.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OfferedLoadTest {
  @Test
  void averagesWhatArrivalsWouldHold() {
    OfferedLoad load = new OfferedLoad();
    assertThat(load.meanMilli()).isZero();
    load.arrive(0, 10, 1000);
    load.arrive(5, 100, 2000);
    load.advanceTo(20);
    assertThat(load.meanMilli()).isEqualTo((10 * 1000 + 15 * 2000) / 20.0);
  }
}
