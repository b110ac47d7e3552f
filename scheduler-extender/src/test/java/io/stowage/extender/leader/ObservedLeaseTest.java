package io.stowage.extender.leader;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObservedLeaseTest {
  private static final Duration DURATION = Duration.ofSeconds(15);

  private ObservedLease lease = ObservedLease.NOTHING;

  private static long seconds(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  /** A look at the Lease that takes a second. */
  private void look(long atSecond, String holder, String renewed) {
    lease =
        lease.next(
            new LeaseRecord(holder, renewed, 0, DURATION),
            seconds(atSecond),
            seconds(atSecond + 1));
  }

  @Test
  void leaseThatWasFoundMayBeOfAnyAge() {
    look(0, "a", "r1");
    look(2, "a", "r1");
    assertThat(lease.isSurelyFresh(seconds(3))).isFalse();
    assertThat(lease.hasSurelyExpired(seconds(15))).isFalse();
    assertThat(lease.hasSurelyExpired(seconds(16))).isTrue();
  }

  @Test
  void renewalIsFreshFromTheLookBeforeItAndExpiredFromTheLookAfterIt() {
    look(0, "a", "r1");
    look(2, "a", "r2");
    assertThat(lease.isSurelyFresh(seconds(14))).isTrue();
    assertThat(lease.isSurelyFresh(seconds(15))).isFalse();
    assertThat(lease.hasSurelyExpired(seconds(17))).isFalse();
    assertThat(lease.hasSurelyExpired(seconds(18))).isTrue();
  }

  @Test
  void looksThatShowNothingNewDoNotKeepItFresh() {
    look(0, "a", "r1");
    look(2, "a", "r2");
    for (int second = 4; second < 30; second += 2) {
      look(second, "a", "r2");
    }
    assertThat(lease.isSurelyFresh(seconds(15))).isFalse();
    assertThat(lease.hasSurelyExpired(seconds(18))).isTrue();
  }

  @Test
  void pauseEndsIt() {
    look(0, "a", "r1");
    look(2, "a", "r2");
    assertThat(lease.isSurelyFresh(seconds(100))).isFalse();
    look(100, "a", "r9"); // when that was between the looks is not known
    assertThat(lease.isSurelyFresh(seconds(101))).isFalse();
    look(102, "a", "r10");
    assertThat(lease.isSurelyFresh(seconds(103))).isTrue();
  }

  @Test
  void clockMayWrapAround() {
    long start = Long.MAX_VALUE - seconds(1);
    lease = lease.next(new LeaseRecord("a", "r1", 0, DURATION), start, start);
    lease = lease.next(new LeaseRecord("a", "r2", 0, DURATION), start + 1, start + 1);
    assertThat(lease.isSurelyFresh(start + seconds(14))).isTrue();
    assertThat(lease.hasSurelyExpired(start + seconds(14))).isFalse();
    assertThat(lease.hasSurelyExpired(start + seconds(16))).isTrue();
  }

  @Test
  void leaseThatIsGoneTellsNothing() {
    look(0, "a", "r1");
    look(2, "a", "r2");
    lease = lease.next(null, seconds(4), seconds(5));
    assertThat(lease.isSurelyFresh(seconds(5))).isFalse();
    assertThat(lease.hasSurelyExpired(seconds(500))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "pod-a,pod-a_0c6bb4b4-1b9c-4a52-9d7e-3b6a1c1f2d3e,true",
    "pod-a,pod-a,true",
    "pod-a,pod-ab_0c6bb4b4-1b9c-4a52-9d7e-3b6a1c1f2d3e,false",
    "pod,pod-a_0c6bb4b4-1b9c-4a52-9d7e-3b6a1c1f2d3e,false",
    "pod-a,'',false",
    "pod-a,_x,false",
  })
  void holderIsKnownByItsHost(String host, String holder, boolean expected) {
    assertThat(LeaseFollower.isOf(host, holder)).isEqualTo(expected);
  }
}
