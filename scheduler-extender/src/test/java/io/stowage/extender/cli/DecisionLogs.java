package io.stowage.extender.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Logs of decisions to replay. */
final class DecisionLogs {
  private DecisionLogs() {}

  /**
   * Writes a log of a node of one GPU: the first pod runs for 60 s, so that the second waits for
   * 50.
   */
  static Path write(Path directory) throws IOException {
    String at = "\"at\":\"2026-11-28T12:0";
    String pod =
        "\"pod\":{\"uid\":\"%1$s\",\"namespace\":\"ns\",\"name\":\"%1$s\",\"priority\":0,"
            + "\"cpuMilli\":1000,\"memoryBytes\":1,\"ephemeralStorageBytes\":0,\"extended\":{},"
            + "\"gpuResource\":\"nvidia.com/gpu\",\"gpus\":1,\"gpuUnits\":0,\"gpuModels\":[]}";
    String bind =
        "{\"kind\":\"bind\",%s\",\"uid\":\"%s\",\"node\":\"a\",\"gpuDevices\":[],"
            + "\"outcome\":\"bound\",\"reason\":\"\"}";
    return Files.write(
        directory.resolve("decisions.jsonl"),
        List.of(
            "{\"kind\":\"begins\"," + at + "0:00Z\",\"form\":1,\"version\":\"1\",\"policy\":\"p\"}",
            "{\"kind\":\"node\","
                + at
                + "0:00Z\",\"node\":{\"name\":\"a\",\"cpuMilli\":8000,\"memoryBytes\":1000,"
                + "\"ephemeralStorageBytes\":0,\"extended\":{},\"podCapacity\":9,"
                + "\"gpuResource\":\"nvidia.com/gpu\",\"gpuDevicesVisible\":false,"
                + "\"gpus\":[{\"model\":\"T4\",\"units\":1000}],\"ready\":true,"
                + "\"cordoned\":false,\"tainted\":false,\"virtual\":false}}",
            "{\"kind\":\"synced\"," + at + "0:00Z\"}",
            "{\"kind\":\"waits\"," + at + "1:00Z\"," + pod.formatted("x") + "}",
            bind.formatted(at + "1:00Z", "x"),
            "{\"kind\":\"waits\"," + at + "1:10Z\"," + pod.formatted("y") + "}",
            "{\"kind\":\"gone\"," + at + "2:00Z\",\"uid\":\"x\"}",
            bind.formatted(at + "2:00Z", "y"),
            "{\"kind\":\"nodeGone\"," + at + "2:40Z\",\"node\":\"b\"}"));
  }
}
