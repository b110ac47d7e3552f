package io.stowage.extender.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** How commands reach a cluster. */
final class ClusterAccess {
  private static final int IMPATIENT_MILLIS = 5000;
  private static final int RETRIES_OF_A_READER = 3;

  private ClusterAccess() {}

  /**
   * Returns a client by a kubeconfig; where none is given by KUBECONFIG, ~/.kube/config, or inside
   * a cluster by the pod's account.
   */
  static KubernetesClient client(CommandLine command, @Nullable Path kubeconfig) {
    KubernetesClientBuilder builder = new KubernetesClientBuilder();
    if (kubeconfig != null) {
      if (!Files.isReadable(kubeconfig)) {
        throw new ParameterException(command, "--kubeconfig: cannot read " + kubeconfig);
      }
      try {
        builder.withConfig(Config.fromKubeconfig(new File(kubeconfig.toString())));
      } catch (RuntimeException e) {
        throw new ParameterException(
            command, "--kubeconfig: " + kubeconfig + " is no kubeconfig: " + e);
      }
    }
    return builder.build();
  }

  /** Returns such a client for a person who waits for what is read: it tries again a few times. */
  static KubernetesClient reader(CommandLine command, @Nullable Path kubeconfig) {
    KubernetesClient client = client(command, kubeconfig);
    client.getConfiguration().setRequestRetryBackoffLimit(RETRIES_OF_A_READER);
    return client;
  }

  /** Returns a client for writes that can be done without, or later: it gives up soon. */
  static KubernetesClient impatient(Config config) {
    return new KubernetesClientBuilder()
        .withConfig(
            new ConfigBuilder(config)
                .withRequestTimeout(IMPATIENT_MILLIS)
                .withRequestRetryBackoffLimit(0)
                .build())
        .build();
  }
}
