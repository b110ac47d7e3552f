package io.stowage.extender.schedulerconfig;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.extender.yaml.YamlFormatException;
import io.stowage.extender.yaml.YamlRecords;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/** Any text is YAML whose documents can be checked, or refused with a sentence. */
class SchedulerConfigCheckFuzz {
  private static final StowageSide STOWAGE = new StowageSide(4000, 5000, "stowage");

  @FuzzTest
  void check(byte[] yaml) {
    try {
      for (JsonNode document :
          YamlRecords.documents("fuzzed", new String(yaml, StandardCharsets.UTF_8))) {
        assertThat(SchedulerConfigCheck.check(document, STOWAGE))
            .allSatisfy(finding -> assertThat(finding.sentence()).isNotBlank());
      }
    } catch (YamlFormatException e) {
      assertThat(e.getMessage()).startsWith("fuzzed");
    }
  }
}
