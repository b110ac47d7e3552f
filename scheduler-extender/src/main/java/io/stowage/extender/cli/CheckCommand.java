package io.stowage.extender.cli;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.audit.ClusterReader;
import io.stowage.extender.check.Bound;
import io.stowage.extender.check.CheckJson;
import io.stowage.extender.check.CheckJunit;
import io.stowage.extender.check.CheckMarkdown;
import io.stowage.extender.check.CheckReport;
import io.stowage.extender.check.CheckText;
import io.stowage.extender.check.ClusterCheck;
import io.stowage.extender.check.InvalidCheckException;
import io.stowage.extender.check.Manifest;
import io.stowage.extender.check.ManifestReader;
import io.stowage.extender.check.Requirement;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.snapshot.SnapshotFiles;
import io.stowage.extender.snapshot.SnapshotFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stowage check}: whether the pods of manifests fit a cluster, and what they leave. */
@Command(
    name = "check",
    description = {
      "Tells whether the pods of manifests would fit a cluster, where, and what they would leave.",
      "It only reads: get and list of nodes and pods.",
      "Without --cluster, --nodes or --kubeconfig: KUBECONFIG, ~/.kube/config, or inside a cluster"
          + " the pod's account.",
      "Exit codes: 0 passed, 3 not passed, 2 wrong usage, 1 failed."
    })
final class CheckCommand implements Callable<Integer> {
  private static final int NOT_PASSED = 3;
  private static final SnapshotFiles FILES = new SnapshotFiles(GpuResources.DEFAULT);

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = {"-f", "--filename"},
      required = true,
      paramLabel = "FILE",
      description = "Manifests (YAML or JSON): a file, a directory, or - for standard input.")
  private List<String> filenames = new ArrayList<>();

  @Option(
      names = "--cluster",
      paramLabel = "FILE",
      description = "A snapshot instead of a cluster: output of kubectl get nodes,pods -A -o json.")
  private @Nullable Path clusterFile;

  @Mixin private final SnapshotOptions snapshot = new SnapshotOptions();

  @Option(names = "--kubeconfig", paramLabel = "FILE", description = "How to reach the cluster.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--require",
      paramLabel = "WHAT",
      defaultValue = "fits",
      description =
          "What all pods must do: fits (now), fits-empty (if but pods tied to nodes were there), or"
              + " nothing (default: ${DEFAULT-VALUE}).")
  private String require = "";

  @Option(
      names = "--max-stranded",
      paramLabel = "GPUS",
      description = "At most so many GPUs more may be of use to no pod afterwards.")
  private @Nullable Double maxStranded;

  @Option(
      names = "--min-free",
      paramLabel = "GPUSxMODEL:COUNT",
      description =
          "There must be room left for so many pods of so many GPUs, such as 8xA100:1 or 2xany:3.")
  private List<String> minFree = new ArrayList<>();

  @Option(
      names = "--with-waiting",
      description = "Place pods that wait in the cluster before those of the manifests.")
  private boolean withWaiting;

  /** How a report is written. */
  enum Format {
    TEXT,
    JSON,
    JUNIT,
    MARKDOWN;

    String write(CheckReport report) {
      return switch (this) {
        case TEXT -> CheckText.of(report);
        case JSON -> CheckJson.of(report);
        case JUNIT -> CheckJunit.of(report);
        case MARKDOWN -> CheckMarkdown.of(report);
      };
    }

    static Format of(String key) throws InvalidCheckException {
      for (Format format : values()) {
        if (format.name().toLowerCase(Locale.ROOT).equals(key)) {
          return format;
        }
      }
      throw new InvalidCheckException(
          "--output: expected text, json, junit or markdown, was '" + key + "'");
    }
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text, json, junit or markdown (default: ${DEFAULT-VALUE}).")
  private String output = "";

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Write it there, and the text to standard output.")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    snapshot.check(
        spec.commandLine(), clusterFile != null || kubeconfig != null, "--cluster, --kubeconfig");
    if (clusterFile != null && kubeconfig != null) {
      throw wrong("--cluster goes without --kubeconfig");
    }
    try {
      Format format = Format.of(output);
      List<Manifest> manifests = ManifestReader.read(filenames, System.in);
      CheckReport report = clusterCheck().check(manifests);
      String document = format.write(report);
      if (out == null) {
        spec.commandLine().getOut().print(document);
      } else {
        Files.writeString(out, document, StandardCharsets.UTF_8);
        spec.commandLine().getOut().print(CheckText.of(report));
      }
      spec.commandLine().getOut().flush();
      return report.passed() ? ExitCode.OK : NOT_PASSED;
    } catch (InvalidCheckException | SnapshotFormatException e) {
      throw wrong(String.valueOf(e.getMessage()));
    } catch (KubernetesClientException e) {
      throw wrong("cannot list nodes and pods: " + e.getMessage());
    }
  }

  private ClusterCheck clusterCheck() throws IOException, InvalidCheckException {
    List<Bound> bounds = new ArrayList<>();
    if (maxStranded != null) {
      bounds.add(Bound.MaxStranded.of(maxStranded));
    }
    for (String bound : minFree) {
      bounds.add(Bound.MinFree.of(bound));
    }
    Requirement requirement = Requirement.of(require);
    if (clusterFile != null) {
      if (!Files.isReadable(clusterFile)) {
        throw wrong("--cluster: cannot read " + clusterFile);
      }
      return check(FILES.nodes(clusterFile), FILES.pods(clusterFile), requirement, bounds);
    }
    if (snapshot.given()) {
      return check(snapshot.nodes(), snapshot.pods(), requirement, bounds);
    }
    try (KubernetesClient client = ClusterAccess.reader(spec.commandLine(), kubeconfig)) {
      List<Pod> pods = ClusterReader.pods(client);
      return check(ClusterReader.nodes(client), pods, requirement, bounds);
    }
  }

  private ClusterCheck check(
      List<Node> nodes, List<Pod> pods, Requirement requirement, List<Bound> bounds) {
    return new ClusterCheck(nodes, pods, withWaiting, requirement, bounds);
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
