package io.stowage.extender.decisions;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.extender.FuzzedFile;
import java.io.IOException;
import java.nio.file.Path;

/** Any file is a log of decisions, or refused with a sentence that names it. */
class DecisionReaderFuzz {
  private final FuzzedFile file = new FuzzedFile();

  @FuzzTest
  void read(byte[] lines) throws IOException {
    Path path = file.with(lines);
    try {
      DecisionReader.Decisions decisions = DecisionReader.read(path);
      assertThat(decisions.workload().nodes()).doesNotContainNull();
    } catch (DecisionFormatException e) {
      assertThat(e.getMessage()).startsWith(path.toString());
    }
  }
}
