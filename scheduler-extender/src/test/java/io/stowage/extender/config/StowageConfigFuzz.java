package io.stowage.extender.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.extender.FuzzedFile;
import io.stowage.extender.yaml.YamlFormatException;
import java.nio.file.Path;

/** Any file is a valid configuration, or refused with a sentence that names it. */
class StowageConfigFuzz {
  private final FuzzedFile file = new FuzzedFile();

  @FuzzTest
  void read(byte[] yaml) {
    Path path = file.with(yaml);
    try {
      assertThat(StowageConfig.read(path).serviceSettings()).isNotNull();
    } catch (YamlFormatException e) {
      assertThat(e.getMessage()).startsWith(path.toString());
    }
  }
}
