package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/** Any text is a quantity of at least 0, or refused with a sentence that names the field. */
class QuantitiesFuzz {

  @FuzzTest
  void parse(byte[] text) {
    try {
      BigDecimal amount = Quantities.parse("field", new String(text, StandardCharsets.UTF_8));
      assertThat(amount.signum()).isNotNegative();
      assertThat(Quantities.value("field", amount)).isNotNegative();
      assertThat(Quantities.milli("field", amount)).isNotNegative();
    } catch (InvalidObjectException e) {
      assertThat(e.getMessage()).startsWith("field: expected ");
    }
  }
}
