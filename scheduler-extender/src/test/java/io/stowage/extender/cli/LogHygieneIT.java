package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.stowage.extender.http.ExtenderClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code stowage serve} logs, as a process of its own, with everything logged that can be. */
class LogHygieneIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String TOKEN = "token-8f1c0d5e7b2a4c6d9e";
  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

  /** With its rights, so that the service goes on; everything else is refused. */
  private static final String ALLOWED =
      """
      {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": {}, "status": {"allowed": true}}
      """;

  private static final String REFUSED =
      """
      {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 401}
      """;

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"info", "debug", "trace"})
  void noTokenAndNoAuthorizationIsLogged(String level) throws IOException, InterruptedException {
    Set<String> authorizations = ConcurrentHashMap.newKeySet();
    HttpServer apiServer =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ExecutorService threads = Executors.newCachedThreadPool();
    apiServer.setExecutor(threads);
    apiServer.createContext(
        "/",
        exchange -> {
          authorizations.add(
              String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          boolean review = exchange.getRequestURI().getPath().endsWith("accessreviews");
          byte[] answer = (review ? ALLOWED : REFUSED).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(review ? 201 : 401, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    apiServer.start();
    Path log = directory.resolve("log");
    Process process = start(level, log, apiServer.getAddress().getPort());
    try {
      await("the service to listen and to ask the API server")
          .atMost(PATIENCE)
          .until(
              () ->
                  !process.isAlive()
                      || (LISTENING.matcher(Files.readString(log)).find()
                          && !authorizations.isEmpty()));
      Matcher listening = LISTENING.matcher(Files.readString(log));
      assertThat(listening.find()).as(Files.readString(log)).isTrue();
      ExtenderClient client = new ExtenderClient(Integer.parseInt(listening.group(1)));
      String secret = "authorization-" + TOKEN;
      client.post("filter", "{\"Pod\":{\"metadata\":{\"name\":\"" + secret + "\"");
      client.post("filter", "{\"Pod\":{\"spec\":{\"priority\":\"" + secret + "\"}}}");
      client.post("bind", "{\"PodName\":5,\"token\":\"" + secret + "\"}");
      client.post("preempt", secret);
      client.get("/readyz");
    } finally {
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      apiServer.stop(0);
      threads.shutdownNow();
    }
    assertThat(authorizations).containsExactly("Bearer " + TOKEN);
    assertThat(Files.readString(log)).doesNotContain(TOKEN).doesNotContain("Bearer");
  }

  private Process start(String level, Path log, int apiServerPort) throws IOException {
    Path kubeconfig =
        Files.writeString(
            directory.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
            users: [{name: u, user: {token: %s}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            current-context: c
            """
                .formatted(apiServerPort, TOKEN));
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=" + level,
                "-Dorg.slf4j.simpleLogger.log.io.fabric8=" + level,
                "-Dorg.slf4j.simpleLogger.log.io.vertx=" + level,
                "-Dorg.slf4j.simpleLogger.log.io.netty=" + level,
                "-cp",
                System.getProperty("java.class.path"),
                "io.stowage.extender.cli.Stowage",
                "serve",
                "--kubeconfig",
                kubeconfig.toString(),
                "--port",
                "0",
                "--page-port",
                "0"))
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }
}
