package io.stowage.extender.leader;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LeadershipTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final AtomicBoolean holds = new AtomicBoolean(true);
  private final Leadership leadership = new Leadership();

  @Test
  void singleReplicaIsActiveByEpochZero() {
    assertThat(Leadership.always().isActive(0)).isTrue();
    assertThat(Leadership.always().awaitActive(LONG)).isCompletedWithValue(OptionalLong.of(0));
  }

  @Test
  void whoWaitsIsAnsweredWhenItBecomesActive() {
    CompletableFuture<OptionalLong> answer = leadership.awaitActive(LONG);
    assertThat(answer).isNotDone();
    leadership.begin(7, holds::get);
    assertThat(answer).isCompletedWithValue(OptionalLong.of(7));
  }

  @Test
  void whoWaitsTooLongIsAnsweredWithNothing() {
    assertThat(leadership.awaitActive(Duration.ofMillis(1)).join()).isEmpty();
  }

  @Test
  void termThatNoLongerHoldsIsOverWithoutAnybodySayingSo() {
    leadership.begin(7, holds::get);
    holds.set(false);
    assertThat(leadership.isActive()).isFalse();
    assertThat(leadership.isActive(7)).isFalse();
    assertThat(leadership.epoch()).isEqualTo(-1);
    assertThat(leadership.awaitActive(LONG)).isNotDone();
  }

  @Test
  void refusalByTheFenceEndsTheTermOfThatEpochOnly() {
    leadership.begin(8, holds::get);
    leadership.fencedOff(7);
    assertThat(leadership.isActive(8)).isTrue();
    leadership.fencedOff(8);
    assertThat(leadership.isActive()).isFalse();
    assertThat(leadership.supersededNanos()).isNotNull();
    assertThat(leadership.refusals()).isEqualTo(2);
    assertThat(leadership.refusal())
        .isEqualTo(
            "this Stowage is not the active one: another Stowage has taken over from epoch 8");
    leadership.begin(10, holds::get);
    assertThat(leadership.supersededNanos()).isNull();
    assertThat(leadership.standing()).isEqualTo("active, epoch 10");
  }
}
