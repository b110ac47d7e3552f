package io.stowage.extender.cli;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.audit.AuditMetrics;
import io.stowage.extender.audit.AuditReport;
import io.stowage.extender.audit.ClusterAudit;
import io.stowage.extender.audit.ClusterReader;
import io.stowage.extender.audit.Finding;
import io.stowage.extender.audit.RepeatedAudit;
import io.stowage.extender.snapshot.SnapshotFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Checks that nothing in a cluster was given out twice; reads only. */
@Command(
    name = "audit",
    description = {
      "Checks a cluster, or a snapshot of one, for nodes and GPUs given out beyond what they have",
      "and for pods whose device annotations contradict their node. It only reads.",
      "Without --kubeconfig: KUBECONFIG, ~/.kube/config, or inside a cluster the pod's account."
    },
    footer = {"", "Exit codes: 0 clean, 1 found something, 2 could not check."})
final class AuditCommand implements Callable<Integer> {
  private static final int CLEAN = 0;
  private static final int FOUND = 1;
  private static final int NOT_CHECKED = 2;

  private static final int MAX_PORT = 65_535;
  private static final int MAX_INTERVAL_SECONDS = 86_400;

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(names = "--kubeconfig", paramLabel = "FILE", description = "How to reach the cluster.")
  private @Nullable Path kubeconfig;

  @Mixin private final SnapshotOptions snapshot = new SnapshotOptions();

  @Option(
      names = "--watch",
      description = "Repeat until Ctrl-C, print what changes, and serve metrics.")
  private boolean watch;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description =
          "With --watch, port of 127.0.0.1 for /metrics, 0 for any free one (default: 8889).")
  private @Nullable Integer port;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      description = "With --watch, seconds from one check to the next (default: 60).")
  private @Nullable Integer intervalSeconds;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the findings as JSON, - for standard output instead of the lines.")
  private @Nullable Path jsonFile;

  @Option(
      names = "--given-annotation",
      paramLabel = "NAME",
      description =
          "Annotation on pods that tells which GPU a pod was truly given, an index or 'none'.")
  private @Nullable String givenAnnotation;

  @Override
  public Integer call() throws InterruptedException {
    checkUsage();
    try {
      if (watch) {
        return repeat();
      }
      AuditReport report =
          snapshot.given()
              ? ClusterAudit.of(snapshot.nodes(), snapshot.pods(), givenAnnotation)
              : cluster();
      print(report);
      return report.isClean() ? CLEAN : FOUND;
    } catch (SnapshotFormatException e) {
      return notChecked(String.valueOf(e.getMessage()));
    } catch (KubernetesClientException e) {
      return notChecked("cannot list nodes and pods: " + e.getMessage());
    } catch (IOException e) {
      return notChecked(String.valueOf(e.getMessage()));
    }
  }

  private void checkUsage() {
    snapshot.check(spec.commandLine(), kubeconfig != null || watch, "--kubeconfig and --watch");
    if (!watch && (port != null || intervalSeconds != null)) {
      throw wrong("--port and --interval go with --watch");
    }
    if (watch && jsonFile != null) {
      throw wrong("--json goes without --watch");
    }
    requireRange("--port", port, 0, MAX_PORT);
    requireRange("--interval", intervalSeconds, 1, MAX_INTERVAL_SECONDS);
  }

  private void requireRange(String option, @Nullable Integer value, int least, int most) {
    if (value != null && (value < least || value > most)) {
      throw wrong(option + " must be from " + least + " to " + most + ", was " + value);
    }
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }

  private int notChecked(String sentence) {
    spec.commandLine().getErr().println("stowage: " + sentence);
    return NOT_CHECKED;
  }

  private AuditReport cluster() {
    try (KubernetesClient client = ClusterAccess.reader(spec.commandLine(), kubeconfig)) {
      return ClusterReader.audit(client, givenAnnotation);
    }
  }

  private int repeat() throws IOException, InterruptedException {
    long intervalMillis = TimeUnit.SECONDS.toMillis(intervalSeconds == null ? 60 : intervalSeconds);
    PrintWriter out = spec.commandLine().getOut();
    try (Termination termination = new Termination();
        KubernetesClient client = ClusterAccess.reader(spec.commandLine(), kubeconfig);
        AuditMetrics metrics = AuditMetrics.serve(port == null ? 8889 : port)) {
      out.println("metrics on http://127.0.0.1:" + metrics.port() + "/metrics");
      RepeatedAudit audit =
          new RepeatedAudit(
              () -> ClusterReader.audit(client, givenAnnotation),
              metrics,
              InstantSource.system(),
              out);
      do {
        audit.check();
      } while (!termination.await(intervalMillis));
      int exitCode = audit.last().map(last -> last.isClean() ? CLEAN : FOUND).orElse(NOT_CHECKED);
      termination.endWith(exitCode);
      return exitCode;
    }
  }

  private void print(AuditReport report) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (jsonFile != null && jsonFile.toString().equals("-")) {
      out.println(json(report));
    } else {
      report.findings().forEach(finding -> out.println(finding.sentence()));
      out.println(report.summary());
      if (jsonFile != null) {
        Files.writeString(jsonFile, json(report) + "\n", StandardCharsets.UTF_8);
      }
    }
    out.flush();
  }

  private static String json(AuditReport report) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("clean", report.isClean());
    document.put("nodes", report.nodes());
    document.put("pods", report.pods());
    document.put("podsOnUnlistedNodes", report.podsElsewhere());
    document.put("findings", report.findings().stream().map(AuditCommand::json).toList());
    return MAPPER.writeValueAsString(document);
  }

  private static Map<String, String> json(Finding finding) {
    Map<String, String> json = new LinkedHashMap<>();
    json.put("kind", finding.kind().key());
    json.put("node", finding.node());
    json.put("pod", finding.pod());
    json.put("resource", finding.resource());
    json.put("asked", finding.asked());
    json.put("has", finding.has());
    json.put("sentence", finding.sentence());
    return json;
  }
}
