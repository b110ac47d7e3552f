package io.stowage.extender.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class PairedDifferenceTest {
  @Test
  void theIntervalIsStudents() {
    PairedDifference difference = PairedDifference.of(List.of(1.0, 2.0, 3.0));

    // Standard deviation 1, t of 2 degrees of freedom at 97.5 % is 4.3027: 4.3027 / sqrt(3).
    assertThat(difference.pairs()).isEqualTo(3);
    assertThat(difference.mean()).isCloseTo(2, within(1e-12));
    assertThat(difference.low()).isCloseTo(2 - 2.4841, within(1e-4));
    assertThat(difference.high()).isCloseTo(2 + 2.4841, within(1e-4));
    assertThat(difference.isSure()).isFalse();
  }

  @Test
  void anIntervalWithoutZeroIsSure() {
    assertThat(PairedDifference.of(List.of(5.0, 5.1, 4.9)).isSure()).isTrue();
    assertThat(PairedDifference.of(List.of(-5.0, -5.1, -4.9)).isSure()).isTrue();
    assertThat(PairedDifference.of(List.of(0.0, 0.0)).isSure()).isFalse();
  }

  @Test
  void onePairTellsNothingOfHowSureItIs() {
    PairedDifference difference = PairedDifference.of(List.of(7.0));

    assertThat(difference.mean()).isEqualTo(7);
    assertThat(difference.low()).isNull();
    assertThat(difference.high()).isNull();
    assertThat(difference.isSure()).isFalse();
  }
}
