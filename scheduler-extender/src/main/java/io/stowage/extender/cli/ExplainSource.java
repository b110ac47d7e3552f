package io.stowage.extender.cli;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stowage.extender.audit.ClusterReader;
import io.stowage.extender.observe.ObservedCluster;
import io.stowage.extender.snapshot.SnapshotFormatException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Where answers about a cluster come from: the running service, a snapshot, or a cluster. */
final class ExplainSource {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec mixee;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8090",
      description = "Where the service's page is (default: ${DEFAULT-VALUE}).")
  @SuppressWarnings("NullAway.Init")
  private String server;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "A bearer token, for a page that is served off loopback.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "Read a cluster instead: get and list of nodes and pods.")
  private @Nullable Path kubeconfig;

  @Mixin private final SnapshotOptions snapshot = new SnapshotOptions();

  /** What was asked about does not exist, or nobody could be asked. */
  private static final class NoAnswerException extends Exception {
    private static final long serialVersionUID = 1L;

    NoAnswerException(String sentence) {
      super(sentence);
    }
  }

  /** Returns what refuses an argument of the command. */
  ParameterException wrong(String sentence) {
    return new ParameterException(mixee.commandLine(), sentence);
  }

  /**
   * Prints an answer and returns the exit code.
   *
   * @param path where the service answers
   * @param type what it answers
   * @param observed answers from a snapshot or a cluster, empty where there is no such thing
   * @param text the answer for people
   * @param unknownSentence says that there is no such thing
   */
  <T> int answer(
      String path,
      Class<T> type,
      Function<ObservedCluster, Optional<T>> observed,
      Function<T, String> text,
      String unknownSentence) {
    CommandLine command = mixee.commandLine();
    snapshot.check(command, kubeconfig != null, "--kubeconfig");
    try {
      T answer =
          snapshot.given() || kubeconfig != null
              ? observed
                  .apply(cluster(command))
                  .orElseThrow(() -> new NoAnswerException(unknownSentence))
              : MAPPER.readValue(served(command, path), type);
      command.getOut().print(json ? MAPPER.writeValueAsString(answer) + "\n" : text.apply(answer));
      command.getOut().flush();
      return ExitCode.OK;
    } catch (NoAnswerException | SnapshotFormatException | JacksonException e) {
      return failed(command, ExitCode.USAGE, String.valueOf(e.getMessage()));
    } catch (KubernetesClientException e) {
      return failed(command, ExitCode.USAGE, "cannot list nodes and pods: " + e.getMessage());
    } catch (IOException e) {
      return failed(command, ExitCode.SOFTWARE, e.toString());
    }
  }

  private static int failed(CommandLine command, int exitCode, String sentence) {
    command.getErr().println("stowage: " + sentence);
    return exitCode;
  }

  private ObservedCluster cluster(CommandLine command) throws IOException {
    if (snapshot.given()) {
      return ObservedCluster.read(snapshot.nodes(), snapshot.pods(), null);
    }
    try (KubernetesClient client = ClusterAccess.reader(command, kubeconfig)) {
      List<Pod> pods = ClusterReader.pods(client);
      return ObservedCluster.read(ClusterReader.nodes(client), pods, null);
    }
  }

  private String served(CommandLine command, String path) throws NoAnswerException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(command, path)).timeout(PATIENCE);
    if (tokenFile != null) {
      try {
        request.header("Authorization", "Bearer " + Files.readString(tokenFile).strip());
      } catch (IOException | IllegalArgumentException e) {
        throw new ParameterException(
            command, "--token-file: cannot read a token from " + tokenFile, e);
      }
    }
    try {
      HttpResponse<String> response =
          HttpClient.newBuilder()
              .connectTimeout(PATIENCE)
              .build()
              .send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new NoAnswerException(response.body().strip());
      }
      return response.body();
    } catch (IOException e) {
      throw new NoAnswerException(
          "cannot reach the service at "
              + server
              + " ("
              + e
              + "); --server says where its page is");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NoAnswerException("interrupted");
    }
  }

  private URI uri(CommandLine command, String path) {
    try {
      URI uri = URI.create(server.replaceAll("/+$", "") + path);
      if (uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command, notAnAddress(), e);
    }
    throw new ParameterException(command, notAnAddress());
  }

  private String notAnAddress() {
    return "--server: expected an address such as http://127.0.0.1:8090, was '" + server + "'";
  }
}
