package io.stowage.extender.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.stowage.extender.FuzzedFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Any file is a baseline, or refused with a sentence that names it. */
class ReplayBaselineFuzz {
  private static final ReplayOrigin NOW =
      new ReplayOrigin("1", Map.of("protocol", "burst"), Map.of("nodes", "n"));

  private final FuzzedFile file = new FuzzedFile();

  @FuzzTest
  void read(byte[] json) {
    Path path = file.with(json);
    try {
      ReplayBaseline baseline = ReplayBaseline.read(path);
      baseline.requireComparable(NOW, List.of("fgd"), 1, 2);
      ReplayFigures figures =
          new ReplayFigures(
              List.of(
                  Map.of("policy", "fgd", "seed", 1L, "gpuAllocationPercent", 50.0, "placed", 1),
                  Map.of("policy", "fgd", "seed", 2L, "gpuAllocationPercent", 60.0, "placed", 2)));
      assertThat(baseline.compare(NOW, figures, 0.2).text()).contains("assed: ");
    } catch (InvalidExperimentException e) {
      assertThat(e.getMessage()).startsWith(path.toString());
    }
  }
}
