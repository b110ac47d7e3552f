package io.stowage.extender.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.extender.FuzzedFile;
import java.nio.file.Path;

/** Any file has prices, or is refused with a sentence that names it. */
class PriceFileFuzz {
  private final FuzzedFile file = new FuzzedFile();

  @FuzzTest
  void read(byte[] yaml) {
    Path path = file.with(yaml);
    try {
      assertThat(PriceFile.read(path).currency()).isNotBlank();
    } catch (PriceFileException e) {
      assertThat(e.getMessage()).startsWith(path.toString());
    }
  }
}
