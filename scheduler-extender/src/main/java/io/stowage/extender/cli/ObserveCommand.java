package io.stowage.extender.cli;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.audit.ClusterReader;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.observe.ClusterObserver;
import io.stowage.extender.observe.GpuPrices;
import io.stowage.extender.observe.Observation;
import io.stowage.extender.observe.ObservationCsv;
import io.stowage.extender.observe.ObservationHtml;
import io.stowage.extender.observe.ObservationJson;
import io.stowage.extender.observe.ObservationMarkdown;
import io.stowage.extender.observe.ObservationText;
import io.stowage.extender.observe.ObservedCluster;
import io.stowage.extender.observe.PriceFile;
import io.stowage.extender.observe.PriceFileException;
import io.stowage.extender.observe.Series;
import io.stowage.extender.page.PageSettings;
import io.stowage.extender.snapshot.SnapshotFiles;
import io.stowage.extender.snapshot.SnapshotFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Tells how full a cluster is and what could be done about it; reads only. */
@Command(
    name = "observe",
    description = {
      "Tells how much of a cluster's GPU is allocated, what a plan for the waiting pods would reach",
      "and what nobody could pass, what is stranded and why, and what would make room. It only",
      "reads: get and list of nodes and pods.",
      "Without --kubeconfig: KUBECONFIG, ~/.kube/config, or inside a cluster the pod's account."
    })
final class ObserveCommand implements Callable<Integer> {
  private static final int MAX_WATCH_SECONDS = 86_400;
  private static final int MAX_PORT = 65_535;
  private static final int DEFAULT_PAGE_PORT = 8090;
  private static final String STANDARD_OUTPUT = "-";

  private final InstantSource clock = InstantSource.system();
  private Series series = Series.EMPTY;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(names = "--kubeconfig", paramLabel = "FILE", description = "How to reach the cluster.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--nodes",
      paramLabel = "FILE",
      description =
          "A snapshot instead: output of kubectl get nodes -o json. Several, the oldest first, each"
              + " with its --pods, give a series.")
  private List<Path> nodesFiles = new ArrayList<>();

  @Option(
      names = "--pods",
      paramLabel = "FILE",
      description = "Its pods: output of kubectl get pods -A -o json.")
  private List<Path> podsFiles = new ArrayList<>();

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "YAML with currency, nodeHour by instance type, gpuHour by GPU model.")
  private @Nullable Path pricesFile;

  @Option(
      names = "--team-label",
      paramLabel = "LABEL",
      description = "Pod label that requests are summed up by, instead of the namespace.")
  private @Nullable String teamLabel;

  @Option(
      names = "--watch",
      paramLabel = "SECONDS",
      arity = "0..1",
      fallbackValue = "15",
      description =
          "Repeat every so many seconds (15) until Ctrl-C, and serve the page and metrics.")
  private @Nullable Integer watchSeconds;

  @Option(
      names = "--page-port",
      paramLabel = "PORT",
      description =
          "With --watch, port of 127.0.0.1 for the page and /metrics, 0 for any free one (default:"
              + " 8090, or a free one where that is taken).")
  private @Nullable Integer pagePort;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write all of it as JSON, - for standard output instead of the page.")
  private @Nullable Path jsonFile;

  @Option(names = "--csv", paramLabel = "FILE", description = "Write the nodes as CSV.")
  private @Nullable Path csvFile;

  @Option(names = "--markdown", paramLabel = "FILE", description = "Write a page as Markdown.")
  private @Nullable Path markdownFile;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page as one HTML file.")
  private @Nullable Path htmlFile;

  @Override
  public Integer call() throws InterruptedException {
    checkUsage();
    try {
      GpuPrices prices = pricesFile == null ? GpuPrices.NONE : PriceFile.read(pricesFile);
      if (!nodesFiles.isEmpty()) {
        print(snapshots(prices));
        return ExitCode.OK;
      }
      return watchSeconds == null ? once(prices) : repeat(prices, watchSeconds);
    } catch (SnapshotFormatException | PriceFileException e) {
      return failed(ExitCode.USAGE, String.valueOf(e.getMessage()));
    } catch (KubernetesClientException e) {
      return failed(ExitCode.SOFTWARE, cannotList(e));
    } catch (IOException e) {
      return failed(ExitCode.SOFTWARE, e.toString());
    }
  }

  private void checkUsage() {
    if (nodesFiles.size() != podsFiles.size()) {
      throw wrong("--nodes and --pods go together, as many of one as of the other");
    }
    if (!nodesFiles.isEmpty() && (kubeconfig != null || watchSeconds != null)) {
      throw wrong("--nodes and --pods go without --kubeconfig and --watch");
    }
    if (watchSeconds != null && (watchSeconds < 1 || watchSeconds > MAX_WATCH_SECONDS)) {
      throw wrong("--watch must be from 1 to " + MAX_WATCH_SECONDS + ", was " + watchSeconds);
    }
    if (pagePort != null && watchSeconds == null) {
      throw wrong("--page-port goes with --watch");
    }
    if (pagePort != null && (pagePort < 0 || pagePort > MAX_PORT)) {
      throw wrong("--page-port must be from 0 to " + MAX_PORT + ", was " + pagePort);
    }
    for (Path file : Stream.concat(nodesFiles.stream(), podsFiles.stream()).toList()) {
      if (!Files.isReadable(file)) {
        throw wrong("cannot read " + file);
      }
    }
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }

  private int failed(int exitCode, String sentence) {
    spec.commandLine().getErr().println("stowage: " + sentence);
    return exitCode;
  }

  private static String cannotList(KubernetesClientException e) {
    return "cannot list nodes and pods: " + e.getMessage();
  }

  /** Observes each snapshot and returns the last. */
  private Observation snapshots(GpuPrices prices) throws IOException {
    SnapshotFiles files = new SnapshotFiles(GpuResources.DEFAULT);
    for (int i = 0; ; i++) {
      Path pods = podsFiles.get(i);
      Observation observation =
          observe(
              files.nodes(nodesFiles.get(i)),
              files.pods(pods),
              prices,
              Files.getLastModifiedTime(pods).toInstant());
      if (i == nodesFiles.size() - 1) {
        return observation;
      }
    }
  }

  private int once(GpuPrices prices) throws IOException {
    try (KubernetesClient client = ClusterAccess.reader(spec.commandLine(), kubeconfig)) {
      print(observe(client, prices, null));
      return ExitCode.OK;
    }
  }

  private Observation observe(
      KubernetesClient client, GpuPrices prices, @Nullable ObservedPage page) {
    Instant observedAt = clock.instant();
    List<Pod> pods = ClusterReader.pods(client);
    List<Node> nodes = ClusterReader.nodes(client);
    Observation observation = observe(nodes, pods, prices, observedAt);
    if (page != null) {
      page.show(nodes, pods, observation);
    }
    return observation;
  }

  private Observation observe(
      List<Node> nodes, List<Pod> pods, GpuPrices prices, Instant observedAt) {
    ObservedCluster cluster = ObservedCluster.read(nodes, pods, teamLabel);
    Observation observation =
        ClusterObserver.observe(cluster, prices, ClusterObserver.Settings.of(cluster), observedAt);
    series = series.with(observation);
    return observation;
  }

  private ObservedPage page() throws IOException {
    if (pagePort != null) {
      return ObservedPage.serve(PageSettings.loopback(pagePort));
    }
    try {
      return ObservedPage.serve(PageSettings.loopback(DEFAULT_PAGE_PORT));
    } catch (IOException taken) {
      return ObservedPage.serve(PageSettings.loopback(0));
    }
  }

  private int repeat(GpuPrices prices, int seconds) throws IOException, InterruptedException {
    String lastFailure = "";
    try (Termination termination = new Termination();
        KubernetesClient client = ClusterAccess.reader(spec.commandLine(), kubeconfig);
        ObservedPage page = page()) {
      // Standard output is that of the observations.
      spec.commandLine().getErr().println("the page is at " + page.url());
      do {
        try {
          print(observe(client, prices, page));
          lastFailure = "";
        } catch (KubernetesClientException e) {
          String failure = cannotList(e);
          if (!failure.equals(lastFailure)) {
            spec.commandLine().getErr().println("stowage: " + failure + "; trying again");
          }
          lastFailure = failure;
        }
      } while (!termination.await(TimeUnit.SECONDS.toMillis(seconds)));
      return ExitCode.OK;
    }
  }

  private void print(Observation observation) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String json = ObservationJson.of(observation, series);
    if (jsonFile != null && jsonFile.toString().equals(STANDARD_OUTPUT)) {
      out.println(json);
    } else {
      out.print(ObservationText.of(observation, series));
      write(jsonFile, json + "\n");
    }
    out.flush();
    write(csvFile, ObservationCsv.of(observation));
    write(markdownFile, ObservationMarkdown.of(observation, series));
    write(htmlFile, ObservationHtml.of(observation, series));
  }

  private static void write(@Nullable Path file, String content) throws IOException {
    if (file != null) {
      Files.writeString(file, content, StandardCharsets.UTF_8);
    }
  }
}
