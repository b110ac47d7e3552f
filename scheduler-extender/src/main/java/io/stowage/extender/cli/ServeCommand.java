package io.stowage.extender.cli;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.bind.Binder;
import io.stowage.extender.bind.KubernetesBinder;
import io.stowage.extender.bind.Readback;
import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.decisions.DecisionFile;
import io.stowage.extender.device.GpushareAnnotations;
import io.stowage.extender.events.EventWriter;
import io.stowage.extender.events.Subject;
import io.stowage.extender.kube.ClusterLabels;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.leader.Election;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.nominate.Nominating;
import io.stowage.extender.notice.NodeNotices;
import io.stowage.extender.notice.PodNotices;
import io.stowage.extender.page.PageAccess;
import io.stowage.extender.page.PageServer;
import io.stowage.extender.page.PageSettings;
import io.stowage.extender.page.StatePictures;
import io.stowage.extender.page.TokenAccess;
import io.stowage.extender.rights.MissingRightException;
import io.stowage.extender.rights.NeededRights;
import io.stowage.extender.rights.RightsCheck;
import io.stowage.extender.room.RoomWatch;
import io.stowage.extender.service.ExtenderService;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.wake.Waking;
import io.stowage.extender.watch.ClusterWatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Serves kube-scheduler until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Serves kube-scheduler as its extender.",
      "Without --kubeconfig: KUBECONFIG, ~/.kube/config, or inside a cluster the pod's account."
    })
final class ServeCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(ServeCommand.class);

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandLine.Model.CommandSpec spec;

  @Option(names = "--kubeconfig", paramLabel = "FILE", description = "How to reach the cluster.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Port to listen on, 0 for any free one; overrides the configuration.")
  private @Nullable Integer port;

  @Option(
      names = "--page-port",
      paramLabel = "PORT",
      description = "Port of the page, 0 for any free one; overrides the configuration.")
  private @Nullable Integer pagePort;

  @Option(names = "--config", paramLabel = "FILE", description = "Configuration file (YAML).")
  private @Nullable Path configFile;

  @Override
  @SuppressWarnings("try") // the read-back works by itself until it is closed
  public Integer call() throws IOException, InterruptedException, MissingRightException {
    StowageConfig config = ConfigCommand.configuration(spec.commandLine(), configFile);
    ServiceSettings settings = settings(config);
    PageSettings pageSettings = pageSettings(config);
    Leadership leadership = new Leadership();
    ClusterLabels labels = new ClusterLabels();
    try (Termination termination = new Termination();
        KubernetesClient client = ClusterAccess.client(spec.commandLine(), kubeconfig);
        KubernetesBinder binder =
            new KubernetesBinder(
                client.getConfiguration(),
                new GpushareAnnotations(ServeCommand::epochNanos),
                leadership);
        Election election =
            new Election(client.getConfiguration(), config.leadership().settings(), leadership);
        ExtenderService service = start(config, settings, binder, leadership, labels);
        Readback readback =
            Readback.start(client, service.loop(), new PodReader(config.gpuResources()));
        RoomWatch room =
            RoomWatch.start(
                service.loop(),
                service.metrics(),
                labels,
                config.roomWanted().settings(),
                leadership::isActive);
        DecisionFile decisions = decisions(config, service)) {
      LOG.info(
          "listening on {}:{} ({}), API server {}",
          config.host(),
          service.port(),
          config.tls() == null ? "plain HTTP" : "TLS",
          client.getMasterUrl());
      new RightsCheck(client, termination::await).run(NeededRights.of(config));
      PageServer page = page(config, pageSettings, service, labels, room, client);
      try {
        follow(client, service, config, labels, election, leadership, termination);
      } finally {
        if (page != null) {
          page.close();
        }
      }
      LOG.info("stopping");
    }
    return CommandLine.ExitCode.OK;
  }

  /** Begins the log of decisions; null where there is to be none, or where none can be written. */
  private static @Nullable DecisionFile decisions(StowageConfig config, ExtenderService service) {
    Path directory = config.decisions().directoryPath().orElse(null);
    if (directory == null) {
      return null;
    }
    try {
      DecisionFile decisions =
          DecisionFile.begin(
              directory,
              config.decisions().maxBytes(),
              Stowage.version(),
              config.policy(),
              InstantSource.system());
      service.loop().run(state -> state.tell(decisions));
      LOG.info("decisions are logged in {}", decisions.file());
      return decisions;
    } catch (IOException e) {
      LOG.warn("decisions are not logged: {}", e.toString());
      return null;
    }
  }

  /**
   * Starts the page; null where it is not wanted, or where it cannot listen: that keeps no pod
   * waiting.
   */
  private static @Nullable PageServer page(
      StowageConfig config,
      PageSettings settings,
      ExtenderService service,
      ClusterLabels labels,
      RoomWatch room,
      KubernetesClient client) {
    if (!config.page().enabled()) {
      return null;
    }
    try {
      PageServer page =
          PageServer.start(
              settings,
              new StatePictures(
                  service.loop(),
                  service.metrics(),
                  labels,
                  System::currentTimeMillis,
                  room::latest),
              config.page().checksTokens()
                  ? new TokenAccess(client, System::nanoTime)
                  : PageAccess.OPEN,
              config.page().checksTokens() && config.tls() != null ? config.tls().files() : null,
              service.metrics());
      LOG.info("the page is at {}", page.url(config.page().host()));
      return page;
    } catch (IOException e) {
      LOG.warn("the page is not served: {}", e.getMessage());
      return null;
    }
  }

  /** Begins to read the configuration file anew; null where there is none. */
  private @Nullable ConfigReload reload(
      StowageConfig config,
      ExtenderService service,
      Consumer<StowageConfig> take,
      EventWriter events) {
    if (configFile == null) {
      return null;
    }
    Optional<Subject> self = ownPod();
    return new ConfigReload(
            configFile,
            config,
            service.metrics(),
            take,
            sentence -> self.ifPresent(pod -> events.warn(pod, "StowageConfigRefused", sentence)))
        .start();
  }

  /** Returns this process's pod, none where its manifest does not tell. */
  private static Optional<Subject> ownPod() {
    String namespace = System.getenv("POD_NAMESPACE");
    String name = System.getenv("POD_NAME");
    String uid = System.getenv("POD_UID");
    return namespace == null || name == null || uid == null
        ? Optional.empty()
        : Optional.of(Subject.pod(namespace, name, uid));
  }

  @SuppressWarnings("try") // what works by itself until it is closed
  private void follow(
      KubernetesClient client,
      ExtenderService service,
      StowageConfig config,
      ClusterLabels labels,
      Election election,
      Leadership leadership,
      Termination termination)
      throws InterruptedException {
    try (ClusterWatch watch =
            ClusterWatch.start(
                client.getConfiguration(),
                service.loop(),
                service.metrics(),
                config.watchSettings(),
                labels);
        KubernetesClient impatient = ClusterAccess.impatient(client.getConfiguration());
        EventWriter events = new EventWriter(impatient, service.metrics());
        Waking waking =
            Waking.start(
                impatient,
                service.loop(),
                service.metrics(),
                config.wake().settings(),
                leadership::isActive);
        Nominating nominating =
            Nominating.start(
                impatient,
                service.loop(),
                service.metrics(),
                config.nomination().settings(),
                leadership::isActive);
        NodeNotices notices =
            NodeNotices.start(
                impatient,
                service.loop(),
                service.metrics(),
                events,
                config.notices().nodeConditions(),
                leadership::isActive);
        PodNotices podNotices =
            PodNotices.start(
                service.loop(),
                service.metrics(),
                events,
                labels,
                config.notices().toldSchedulerNames(),
                leadership::isActive);
        ConfigReload reload =
            reload(
                config,
                service,
                next -> {
                  service.set(next.serviceSettings());
                  waking.set(next.wake().settings());
                  podNotices.set(next.notices().toldSchedulerNames());
                },
                events)) {
      election.start(
          timeLimit -> {
            boolean current = watch.awaitCurrent(timeLimit);
            if (current && config.leadership().settings().fence().enabled()) {
              service.loop().run(ClusterState::releaseFencedOff);
            }
            return current;
          });
      termination.await();
    }
  }

  private static ExtenderService start(
      StowageConfig config,
      ServiceSettings settings,
      Binder binder,
      Leadership leadership,
      ClusterLabels labels)
      throws IOException {
    return ExtenderService.start(
        settings,
        Policies.create(config.policy(), TypicalPods.of(Map.of())),
        new Random(),
        binder,
        leadership,
        labels);
  }

  private ServiceSettings settings(StowageConfig config) {
    try {
      return port == null ? config.serviceSettings() : config.serviceSettings().onPort(port);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
    }
  }

  private PageSettings pageSettings(StowageConfig config) {
    PageSettings settings = config.page().settings();
    try {
      return pagePort == null ? settings : settings.onPort(pagePort);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--page-" + e.getMessage());
    }
  }

  private static long epochNanos() {
    return TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
  }
}
