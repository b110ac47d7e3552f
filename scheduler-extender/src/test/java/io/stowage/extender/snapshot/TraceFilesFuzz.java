package io.stowage.extender.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.core.trace.TraceFiles;
import io.stowage.core.trace.TraceFormatException;
import io.stowage.extender.FuzzedFile;
import java.io.IOException;
import java.nio.file.Path;

/** Any file is a trace, or refused with a sentence that names it. */
class TraceFilesFuzz {
  private final FuzzedFile file = new FuzzedFile();

  @FuzzTest
  void nodes(byte[] csv) throws IOException {
    Path path = file.with(csv);
    try {
      assertThat(TraceFiles.readNodes(path)).isNotEmpty();
    } catch (TraceFormatException e) {
      assertThat(e.getMessage()).startsWith(path + ":");
    }
  }

  @FuzzTest
  void pods(byte[] csv) throws IOException {
    Path path = file.with(csv);
    try {
      assertThat(TraceFiles.readPods(path)).isNotEmpty();
    } catch (TraceFormatException e) {
      assertThat(e.getMessage()).startsWith(path + ":");
    }
  }
}
