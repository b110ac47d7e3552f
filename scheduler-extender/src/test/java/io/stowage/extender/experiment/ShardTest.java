package io.stowage.extender.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardTest {
  @ParameterizedTest
  @CsvSource({"1/1, , 1, 1", "2/3, , 2, 3", "4, 0, 1, 4", "4, 3, 4, 4", "2/3, 0, 2, 3", ", , 1, 1"})
  void isReadFromTheOptionAndTheJobsIndex(String text, String index, int number, int of) {
    assertThat(Shard.of(text, index)).isEqualTo(new Shard(number, of));
  }

  @ParameterizedTest
  @CsvSource({"0/3, ", "4/3, ", "1/0, ", "4, ", "4, 4", "4, x", "a/b, ", "1/2/3, ", "-1/2, "})
  void whatIsNoPartIsRefused(String text, String index) {
    assertThatThrownBy(() -> Shard.of(text, index))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("expected I/N");
  }

  @Test
  void aPodOfAJobMustSayOfHowManyPartsItIsOne() {
    assertThatThrownBy(() -> Shard.of(null, "1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("JOB_COMPLETION_INDEX is set");
  }
}
