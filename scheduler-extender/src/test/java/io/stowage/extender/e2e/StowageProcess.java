package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stowage.extender.http.ExtenderClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running {@code stowage serve}. */
final class StowageProcess implements AutoCloseable {
  private static final String LISTED = "the cluster is listed";
  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

  private final ChildProcess process;
  private final int port;

  private StowageProcess(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts it on a free port and waits until it listens. */
  static StowageProcess start(Path log, Path jar, Path kubeconfig, String... options) {
    return start(log, command(jar, kubeconfig, options));
  }

  /** Returns the command that serves on a free port. */
  static List<String> command(Path jar, Path kubeconfig, String... options) {
    return command(List.of(), jar, kubeconfig, options);
  }

  /** Returns the command that serves on a free port in a JVM with options. */
  static List<String> command(
      List<String> jvmOptions, Path jar, Path kubeconfig, String... options) {
    assertThat(jar).as("Stowage's jar").isRegularFile();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmOptions);
    command.addAll(
        List.of(
            "-jar",
            jar.toString(),
            "serve",
            "--kubeconfig",
            kubeconfig.toString(),
            "--port",
            "0",
            "--page-port",
            "0"));
    command.addAll(List.of(options));
    return command;
  }

  /** Starts it by a command and waits until it listens. */
  static StowageProcess start(Path log, List<String> command) {
    ChildProcess process = ChildProcess.start(log, Map.of(), command);
    try {
      await("Stowage to listen, see " + log)
          .until(() -> !process.isAlive() || LISTENING.matcher(process.output()).find());
      Matcher listening = LISTENING.matcher(process.output());
      assertThat(listening.find()).as(process.output()).isTrue();
      return new StowageProcess(process, Integer.parseInt(listening.group(1)));
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  int port() {
    return port;
  }

  ExtenderClient client() {
    return new ExtenderClient(port);
  }

  void awaitReady() {
    await("Stowage to be ready, see " + process.log())
        .until(() -> client().get("/readyz").statusCode() == 200);
  }

  /** Returns the lines that it has logged as warnings or errors. */
  List<String> complaints() {
    List<String> lines = process.output().lines().toList();
    List<String> complaints = new ArrayList<>();
    boolean listed = false;
    for (String line : lines) {
      listed |= line.contains(LISTED);
      // On a slow machine a JVM that has just started decodes its first list for seconds.
      boolean starting = !listed && line.contains("BlockedThreadChecker");
      if ((line.contains("[WARN]") || line.contains("[ERROR]")) && !starting) {
        complaints.add(line);
      }
    }
    return complaints;
  }

  /** Returns a metric that has no labels. */
  double metric(String name) {
    return client()
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + name));
  }

  /** Returns what it has written so far. */
  String output() {
    return process.output();
  }

  /** Returns where its log is. */
  Path log() {
    return process.log();
  }

  long pid() {
    return process.pid();
  }

  void kill() {
    process.kill();
  }

  /** Stops it in the middle of whatever it is doing. */
  void pause() {
    process.signal("STOP");
  }

  /** Lets it go on as if nothing had been. */
  void resume() {
    process.signal("CONT");
  }

  /** Tells whether it says that it is the active one. */
  boolean isActive() {
    return client().get("/leaderz").statusCode() == 200;
  }

  @Override
  public void close() {
    process.close();
  }
}
