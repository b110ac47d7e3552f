package io.stowage.extender.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.extender.FuzzedFile;
import java.nio.file.Path;

/** Any file is an experiment, or refused with a sentence that names it. */
class ExperimentFuzz {
  private final FuzzedFile file = new FuzzedFile();

  @FuzzTest
  void read(byte[] yaml) {
    Path path = file.with(yaml);
    try {
      assertThat(Experiment.read(path).policies()).isNotEmpty();
    } catch (InvalidExperimentException e) {
      assertThat(e.getMessage()).startsWith(path.toString());
    }
  }
}
