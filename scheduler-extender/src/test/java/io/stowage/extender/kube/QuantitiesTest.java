package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "1, 1000, 1",
    "500m, 500, 1",
    "1500m, 1500, 2",
    "0.5, 500, 1",
    ".5, 500, 1",
    "5., 5000, 5",
    "+5, 5000, 5",
    "1u, 1, 1",
    "1n, 1, 1",
    "1001u, 2, 1",
    "1k, 1000000, 1000",
    "1Ki, 1024000, 1024",
    "1.5Gi, 1610612736000, 1610612736",
    "2e3, 2000000, 2000",
    "2E3, 2000000, 2000",
    "2E, 2000000000000000000000, 2000000000000000000",
    "1e-3, 1, 1",
    "8P, 8000000000000000000, 8000000000000000",
  })
  void readsExactlyAndRoundsUp(String text, BigDecimal milli, long value)
      throws InvalidObjectException {
    BigDecimal amount = Quantities.parse("field", text);
    assertThat(Quantities.value("field", amount)).isEqualTo(value);
    if (milli.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
      assertThat(Quantities.milli("field", amount)).isEqualTo(milli.longValueExact());
    } else {
      assertThatThrownBy(() -> Quantities.milli("field", amount))
          .isInstanceOf(InvalidObjectException.class)
          .hasMessageContaining("field: expected an amount below 2^63");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "abc",
        "1 Gi",
        "1gi",
        "Gi",
        "--1",
        "1e",
        "1e1.5",
        "0x10",
        "1KiB",
        "NaN",
        "1_000",
        "1e999999999",
        "1e99999",
      })
  void refusesWhatIsNoQuantity(String text) {
    assertThatThrownBy(() -> Quantities.parse("spec.x[cpu]", text))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessageStartingWith("spec.x[cpu]: expected a quantity such as 500m or 2Gi, was '");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "-0.001", "-1Gi"})
  void refusesNegativeAmounts(String text) {
    assertThatThrownBy(() -> Quantities.parse("spec.x[cpu]", text))
        .hasMessage("spec.x[cpu]: expected a quantity of at least 0, was '" + text + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e30", "9223372036854775808", "9Ei", "10E", "9223372036854775807.1"})
  void refusesAmountsBeyondSixtyThreeBits(String text) throws InvalidObjectException {
    BigDecimal amount = Quantities.parse("spec.x[memory]", text);
    assertThatThrownBy(() -> Quantities.value("spec.x[memory]", amount))
        .hasMessageStartingWith("spec.x[memory]: expected an amount below 2^63, was ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e31", "1e-31", "1e999"})
  void refusesAbsurdExponents(String text) {
    assertThatThrownBy(() -> Quantities.parse("f", text))
        .hasMessageStartingWith("f: expected an exponent between -30 and 30");
  }

  @ParameterizedTest
  @ValueSource(ints = {65, 1_000_000})
  void refusesEndlessDigitsWithoutRepeatingThemAll(int digits) {
    String text = "1".repeat(digits);
    assertThatThrownBy(() -> Quantities.parse("f", text))
        .hasMessageStartingWith("f: expected a quantity")
        .satisfies(failure -> assertThat(failure.toString()).hasSizeLessThan(250));
  }
}
