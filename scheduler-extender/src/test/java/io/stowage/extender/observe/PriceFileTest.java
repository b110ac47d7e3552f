package io.stowage.extender.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PriceFileTest {
  @TempDir private Path directory;

  @Test
  void pricesAreReadByName() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("prices.yaml"),
            "currency: EUR\nnodeHour:\n  a2-highgpu-1g: 3.67\ngpuHour: {NVIDIA-L4: 1}\n");
    assertThat(PriceFile.read(file))
        .isEqualTo(new GpuPrices("EUR", Map.of("a2-highgpu-1g", 3.67), Map.of("NVIDIA-L4", 1.0)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "currency: EUR\\nnodesHour: {a: 1} | unknown key 'nodesHour'; did you mean nodeHour?",
        "gpuHour: {a: 1} | currency: expected a name such as EUR, was none",
        "currency: EUR\\ngpuHour: {a: -1} | gpuHour.a: expected a price of at least 0, was -1.0",
        "currency: EUR\\ngpuHour: {a: much} | line 2: expected prices by name",
        "currency: EUR\\ngpuHour: {a: } | gpuHour.a: expected a price, was none",
        "currency: EUR\\ngpuHour: [1] | line 2: expected prices by name",
        "'' | currency: expected a name such as EUR",
        "'currency: [' | expected prices by name",
      })
  void wrongFilesAreRefusedWithASentence(String text, String sentence) throws Exception {
    Path file = Files.writeString(directory.resolve("prices.yaml"), text.replace("\\n", "\n"));
    assertThatThrownBy(() -> PriceFile.read(file))
        .isInstanceOf(PriceFileException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(sentence);
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> PriceFile.read(directory.resolve("none.yaml")))
        .isInstanceOf(PriceFileException.class)
        .hasMessageContaining("none.yaml: cannot be read");
  }
}
