package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real control plane on loopback, of the program that {@code deploy/local/build} builds. {@code
 * -Dstowage.kubeScheduler=FILE} has it use another version's kube-scheduler.
 */
final class ControlPlane implements AutoCloseable {
  private static final Map<String, String> ENVIRONMENT =
      Map.of("STOWAGE_LOCAL_STOP_ON_STDIN_CLOSE", "1");

  private static final int REQUEST_TIMEOUT_MILLIS = 60_000;

  /**
   * How long a test waits for what does not come, where it says no other limit: how long things
   * take is the machine's. Less than the five minutes after which kube-scheduler tries any pod
   * again by itself, since that must not answer a test of who wakes a pod.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  static {
    Awaitility.setDefaultTimeout(PATIENCE);
  }

  private final Path program;
  private final Path directory;
  private final ChildProcess process;
  private final JsonNode ready;
  private final KubernetesClient admin;

  private ControlPlane(Path program, Path directory, ChildProcess process, JsonNode ready) {
    this.program = program;
    this.directory = directory;
    this.process = process;
    this.ready = ready;
    Config config = Config.fromKubeconfig(kubeconfig("admin").toFile());
    config.setRequestTimeout(REQUEST_TIMEOUT_MILLIS);
    this.admin = new KubernetesClientBuilder().withConfig(config).build();
  }

  /**
   * Starts etcd, API server, controller manager and the kubelets' stand-in.
   *
   * @param name of its directory
   * @param nodes node list as in the trace
   * @param flags further ones of {@code stowage-local up}
   */
  static ControlPlane start(String name, Path nodes, String... flags) {
    Path program = pathProperty("stowage.local");
    assertThat(program)
        .as("the control plane's program; deploy/local/build builds it")
        .isExecutable();
    Path directory = directory().resolve(name);
    Path run = directory.resolve("run");
    List<String> command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "up",
                "--only-control-plane",
                "--work-dir",
                run.toString(),
                "--nodes",
                nodes.toString()));
    command.addAll(List.of(flags));
    ChildProcess process =
        ChildProcess.start(directory.resolve("control-plane.log"), ENVIRONMENT, command);
    try {
      Path readyFile = run.resolve("ready.json");
      await("the control plane to be ready, see " + process.log())
          .atMost(Duration.ofMinutes(4))
          .until(() -> !process.isAlive() || Files.exists(readyFile));
      assertThat(process.isAlive()).as(process.output()).isTrue();
      return new ControlPlane(program, directory, process, JsonMapper.shared().readTree(readyFile));
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  /**
   * Returns flags with which kubelets renew their leases each quarter of an hour. Those of
   * thousands of nodes keep one core busy all the time, which elsewhere is one of a control plane's
   * many. By {@code -Dstowage.e2e.leaseSeconds} they are good for so long, and renewed each quarter
   * of it.
   */
  static String[] rareLeases() {
    int seconds = Integer.getInteger("stowage.e2e.leaseSeconds", 3600);
    return new String[] {
      "--component-flag=kubelet=--lease-seconds=" + seconds,
      "--component-flag=kube-controller-manager=--node-monitor-grace-period=" + seconds + "s"
    };
  }

  /** Returns where the end-to-end tests keep their files. */
  static Path directory() {
    return pathProperty("stowage.e2e.directory");
  }

  /** Returns Stowage's jar. */
  static Path jar() {
    return pathProperty("stowage.jar");
  }

  private static Path pathProperty(String name) {
    return Path.of(
        assertThat(System.getProperty(name)).as("system property %s", name).isNotNull().actual());
  }

  /** Returns a client that may do everything. */
  KubernetesClient admin() {
    return admin;
  }

  /** Returns the kubeconfig of admin, scheduler, stowage, kubelet or controller-manager. */
  Path kubeconfig(String user) {
    return Path.of(ready.get("kubeconfigs").get(user).asString());
  }

  /** Starts {@code stowage serve} from the jar, with the least rights that it is shipped with. */
  StowageProcess startStowage(String name) {
    return startStowage(name, kubeconfig("stowage"));
  }

  /** Starts {@code stowage serve} with a kubeconfig and further options. */
  StowageProcess startStowage(String name, Path kubeconfig, String... options) {
    return StowageProcess.start(directory.resolve(name + ".log"), jar(), kubeconfig, options);
  }

  /** Starts {@code stowage serve} with a kubeconfig and settings. */
  StowageProcess startStowageWith(String name, Path kubeconfig, String settings) {
    return StowageProcess.start(
        directory.resolve(name + ".log"), stowageCommand(name, jar(), kubeconfig, settings));
  }

  /** Starts {@code stowage serve} of a jar with settings, on a host of that name. */
  StowageProcess startStowageOn(String hostName, Path jar, String settings) {
    return StowageProcess.start(
        directory.resolve(hostName + ".log"),
        ChildProcess.onHost(
            hostName, stowageCommand(hostName, jar, kubeconfig("stowage"), settings)));
  }

  /** Starts {@code stowage serve} with settings, in a JVM with options. */
  StowageProcess startStowageIn(List<String> jvmOptions, String name, String settings) {
    return StowageProcess.start(
        directory.resolve(name + ".log"),
        StowageProcess.command(
            jvmOptions,
            jar(),
            kubeconfig("stowage"),
            "--config",
            write(name + ".yaml", settings).toString()));
  }

  private List<String> stowageCommand(String name, Path jar, Path kubeconfig, String settings) {
    return StowageProcess.command(
        jar, kubeconfig, "--config", write(name + ".yaml", settings).toString());
  }

  /** Returns a copy of a user's kubeconfig that goes through another port. */
  Path kubeconfigThrough(String user, int port) {
    try {
      String text = Files.readString(kubeconfig(user), StandardCharsets.UTF_8);
      return write(
          user + "-" + port + ".kubeconfig",
          text.replace(ready.get("apiServer").asString(), "https://127.0.0.1:" + port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a kubeconfig of a service account, with a new token of it. */
  Path kubeconfigOf(String namespace, String serviceAccount) {
    String token = kubectl("create", "token", serviceAccount, "--namespace=" + namespace).strip();
    try {
      String text = Files.readString(kubeconfig("admin"), StandardCharsets.UTF_8);
      assertThat(text).containsPattern("token: .+");
      return write(serviceAccount + ".kubeconfig", text.replaceAll("token: .+", "token: " + token));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs {@code stowage} with a command and its options; its output goes to a log of that name. */
  ChildProcess stowage(String log, String... command) {
    List<String> whole =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                jar().toString()));
    whole.addAll(List.of(command));
    return ChildProcess.start(directory.resolve(log + ".log"), Map.of(), whole);
  }

  /** Returns the port of the API server. */
  int apiServerPort() {
    return URI.create(ready.get("apiServer").asString()).getPort();
  }

  private Path write(String name, String text) {
    try {
      return Files.writeString(directory.resolve(name), text, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts kube-scheduler with a shipped profile. */
  ChildProcess startScheduler(String profile, String extenderUrl) {
    return startSchedulerWith(schedulerConfig(profile, extenderUrl));
  }

  /** Returns a shipped KubeSchedulerConfiguration, filled in. */
  String schedulerConfig(String profile, String extenderUrl) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "scheduler-config",
                "--profile",
                profile,
                "--kubeconfig",
                kubeconfig("scheduler").toString()));
    if (!extenderUrl.isEmpty()) {
      arguments.addAll(List.of("--extender-url", extenderUrl));
    }
    return run("scheduler-config", arguments);
  }

  /** Starts kube-scheduler with a configuration. */
  ChildProcess startSchedulerWith(String config) {
    return startSchedulerWith("kube-scheduler", config);
  }

  /** Starts a kube-scheduler with a configuration; its files have this name. */
  ChildProcess startSchedulerWith(String name, String config) {
    return ChildProcess.start(
        directory.resolve(name + ".log"),
        ENVIRONMENT,
        schedulerCommand(write(name + ".yaml", config)));
  }

  /** Starts a kube-scheduler with a configuration, on a host of that name. */
  ChildProcess startSchedulerOn(String hostName, String config) {
    return ChildProcess.start(
        directory.resolve("kube-scheduler-" + hostName + ".log"),
        ENVIRONMENT,
        ChildProcess.onHost(
            hostName, schedulerCommand(write("kube-scheduler-" + hostName + ".yaml", config))));
  }

  private List<String> schedulerCommand(Path config) {
    String kubeconfig = kubeconfig("scheduler").toString();
    String other = System.getProperty("stowage.kubeScheduler", "");
    List<String> command =
        new ArrayList<>(
            other.isEmpty() ? List.of(program.toString(), "kube-scheduler") : List.of(other));
    command.addAll(
        List.of(
            "--config",
            config.toString(),
            "--secure-port=0",
            "--authentication-skip-lookup",
            "--authentication-kubeconfig",
            kubeconfig,
            "--authorization-kubeconfig",
            kubeconfig));
    return command;
  }

  /** Adds the nodes of a node list. */
  void createNodes(Path nodes, String... flags) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "create-nodes",
                "--kubeconfig",
                kubeconfig("admin").toString(),
                "--nodes",
                nodes.toString()));
    arguments.addAll(List.of(flags));
    run("create-nodes", arguments);
  }

  /** Stops a component, starts it again and waits until it is ready. */
  void restart(String component, Duration down) {
    run(
        "restart",
        List.of(
            "restart",
            "--work-dir",
            directory.resolve("run").toString(),
            "--component",
            component,
            "--down",
            down.toSeconds() + "s"));
  }

  /** Runs kubectl and returns what it says. */
  String kubectl(String... arguments) {
    List<String> all =
        new ArrayList<>(List.of("kubectl", "--kubeconfig", kubeconfig("admin").toString()));
    all.addAll(List.of(arguments));
    return run("kubectl", all);
  }

  /** Fails where {@code stowage audit} finds anything, also by what containers were given. */
  void audit() {
    Path log = directory.resolve("audit.log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-jar",
            jar().toString(),
            "audit",
            "--kubeconfig",
            kubeconfig("admin").toString(),
            "--given-annotation",
            ClusterSnapshot.GIVEN_DEVICE);
    try (ChildProcess audit = ChildProcess.start(log, Map.of(), command)) {
      assertThat(audit.exitCode()).as(audit.output()).isZero();
    }
  }

  private String run(String name, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    Path log = directory.resolve(name + ".log");
    try (ChildProcess child = ChildProcess.start(log, Map.of(), command)) {
      assertThat(child.exitCode()).as("%s: %s", command, child.output()).isZero();
      return child.output();
    }
  }

  @Override
  public void close() {
    admin.close();
    process.close();
  }
}
