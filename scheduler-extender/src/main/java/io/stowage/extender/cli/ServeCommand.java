package io.stowage.extender.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.bind.Binder;
import io.stowage.extender.bind.KubernetesBinder;
import io.stowage.extender.bind.Readback;
import io.stowage.extender.config.ConfigException;
import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.device.GpushareAnnotations;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.service.ExtenderService;
import io.stowage.extender.service.ServiceSettings;
import io.stowage.extender.watch.ClusterWatch;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
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

  @Option(names = "--config", paramLabel = "FILE", description = "Configuration file (YAML).")
  private @Nullable Path configFile;

  @Override
  @SuppressWarnings("try") // watch and read-back work by themselves until they are closed
  public Integer call() throws IOException, InterruptedException {
    StowageConfig config = config();
    ServiceSettings settings = settings(config);
    try (Termination termination = new Termination();
        KubernetesClient client = client();
        KubernetesBinder binder =
            new KubernetesBinder(
                client.getConfiguration(),
                settings.bindTimeLimit(),
                new GpushareAnnotations(ServeCommand::epochNanos));
        ExtenderService service = start(config, settings, binder);
        Readback readback =
            Readback.start(client, service.loop(), new PodReader(config.gpuResources()));
        ClusterWatch watch =
            ClusterWatch.start(
                client,
                service.loop(),
                service.metrics(),
                config.gpuResources(),
                config.listPageSize())) {
      LOG.info(
          "listening on {}:{} ({}), API server {}",
          config.host(),
          service.port(),
          config.tls() == null ? "plain HTTP" : "TLS",
          client.getMasterUrl());
      termination.await();
      LOG.info("stopping");
    }
    return CommandLine.ExitCode.OK;
  }

  private static ExtenderService start(
      StowageConfig config, ServiceSettings settings, Binder binder) throws IOException {
    return ExtenderService.start(
        settings, Policies.create(config.policy(), TypicalPods.of(Map.of())), new Random(), binder);
  }

  private StowageConfig config() {
    try {
      return configFile == null ? StowageConfig.defaults() : StowageConfig.read(configFile);
    } catch (ConfigException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }

  private ServiceSettings settings(StowageConfig config) {
    try {
      return port == null ? config.serviceSettings() : config.serviceSettings().onPort(port);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
    }
  }

  private KubernetesClient client() {
    KubernetesClientBuilder builder = new KubernetesClientBuilder();
    if (kubeconfig != null) {
      if (!Files.isReadable(kubeconfig)) {
        throw new ParameterException(spec.commandLine(), "--kubeconfig: cannot read " + kubeconfig);
      }
      try {
        builder.withConfig(Config.fromKubeconfig(new File(kubeconfig.toString())));
      } catch (RuntimeException e) {
        throw new ParameterException(
            spec.commandLine(), "--kubeconfig: " + kubeconfig + " is no kubeconfig: " + e);
      }
    }
    return builder.build();
  }

  private static long epochNanos() {
    return TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
  }
}
