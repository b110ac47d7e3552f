package io.stowage.extender.service;

import io.stowage.extender.http.Address;
import io.stowage.extender.http.HttpSettings;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.planning.PlanningSettings;
import io.stowage.extender.state.DeviceSettings;
import io.stowage.extender.state.HoldSettings;
import java.time.Duration;

/**
 * How the service runs.
 *
 * @param host the address it listens on
 * @param port the port, 0 for any free one
 * @param maxBodyBytes the largest request that is read
 * @param bindTimeLimit the time within which {@code bind} answers, less than kube-scheduler's
 *     {@code httpTimeout}
 * @param bindThreads how many bindings are written at once
 * @param holds shortlist and holds
 * @param devices patience with device plugins and other extenders
 * @param gpuResources which resources and labels mean GPUs
 * @param http how it is reached beside its address
 * @param planning how much is planned ahead
 */
public record ServiceSettings(
    String host,
    int port,
    long maxBodyBytes,
    Duration bindTimeLimit,
    int bindThreads,
    HoldSettings holds,
    DeviceSettings devices,
    GpuResources gpuResources,
    HttpSettings http,
    PlanningSettings planning) {

  /** Loopback, port 8888, 128 MiB bodies, bind within 4 s on 16 threads. */
  public static final ServiceSettings DEFAULT =
      new ServiceSettings(
          "127.0.0.1",
          8888,
          128L << 20,
          Duration.ofSeconds(4),
          16,
          HoldSettings.DEFAULT,
          DeviceSettings.DEFAULT,
          GpuResources.DEFAULT,
          HttpSettings.DEFAULT,
          PlanningSettings.DEFAULT);

  /** Throws IllegalArgumentException for a value out of its range. */
  public ServiceSettings {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
    }
    if (maxBodyBytes < 1024) {
      throw new IllegalArgumentException("maxBodyBytes must be at least 1024, was " + maxBodyBytes);
    }
    if (bindTimeLimit.toMillis() < 1) {
      throw new IllegalArgumentException(
          "bindTimeLimit must be at least 1 ms, was " + bindTimeLimit);
    }
    if (bindThreads < 1) {
      throw new IllegalArgumentException("bindThreads must be at least 1, was " + bindThreads);
    }
  }

  /** Returns where it listens. */
  public Address address() {
    return new Address(host, port);
  }

  /** Returns the same on another port. */
  public ServiceSettings onPort(int newPort) {
    return new ServiceSettings(
        host,
        newPort,
        maxBodyBytes,
        bindTimeLimit,
        bindThreads,
        holds,
        devices,
        gpuResources,
        http,
        planning);
  }

  /** Returns the same without a planner of its own. */
  public ServiceSettings withoutPlanning() {
    return new ServiceSettings(
        host,
        port,
        maxBodyBytes,
        bindTimeLimit,
        bindThreads,
        holds,
        devices,
        gpuResources,
        http,
        PlanningSettings.OFF);
  }
}
