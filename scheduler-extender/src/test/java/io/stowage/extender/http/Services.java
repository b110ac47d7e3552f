package io.stowage.extender.http;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Resources;
import io.stowage.core.fragmentation.TypicalPods;
import io.stowage.core.policy.Policies;
import io.stowage.extender.bind.InMemoryBinder;
import io.stowage.extender.service.ExtenderService;
import io.stowage.extender.service.ServiceSettings;
import java.io.IOException;
import java.util.Map;
import java.util.Random;

/** Services on an embedded cluster. */
final class Services {
  private Services() {}

  /** Starts one on a free port with the given settings and one node. */
  static ExtenderService start(HttpSettings http) throws IOException {
    return start(http, ServiceSettings.DEFAULT.maxBodyBytes());
  }

  /** Starts one that reads bodies of so many bytes at most. */
  static ExtenderService start(HttpSettings http, long maxBodyBytes) throws IOException {
    ExtenderService service = withoutNodes(http, maxBodyBytes, "best-fit");
    service
        .loop()
        .run(
            state -> {
              state.putNode(Node.ready("n1", Resources.of(64_000, 64L << 30), 110, NodeGpus.NONE));
              state.markSynced();
            });
    return service;
  }

  /** Starts one that knows no node, and is not synced. */
  static ExtenderService withoutNodes(HttpSettings http, long maxBodyBytes, String policy)
      throws IOException {
    ServiceSettings defaults = ServiceSettings.DEFAULT;
    return ExtenderService.start(
        new ServiceSettings(
            defaults.host(),
            0,
            maxBodyBytes,
            defaults.bindTimeLimit(),
            defaults.bindThreads(),
            defaults.holds(),
            defaults.devices(),
            defaults.gpuResources(),
            http,
            defaults.planning()),
        Policies.create(policy, TypicalPods.of(Map.of())),
        new Random(42),
        new InMemoryBinder(placement -> {}));
  }
}
