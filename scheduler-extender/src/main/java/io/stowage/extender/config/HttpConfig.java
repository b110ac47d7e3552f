package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.http.Address;
import io.stowage.extender.http.HttpLimits;
import io.stowage.extender.http.HttpSettings;
import io.stowage.extender.http.TlsFiles;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the service is reached, and what callers can take of it.
 *
 * @param maxConnections connections at a time on one port, further ones are closed, 1 to 100000;
 *     default 1000, many times what one kube-scheduler opens
 * @param maxHeaderKibibytes a request's headers together, 1 to 1024; default 16, kube-scheduler's
 *     are below 1
 * @param requestSeconds from a request's head to its answer, 1 to 3600; default 30, kube-scheduler
 *     gives up after its httpTimeout, 5 s unless set
 * @param idleSeconds how long a connection may go without the complete head of a request, 1 to
 *     86400; default 120, more than the 90 s after which kube-scheduler closes idle connections
 * @param plainHttp whether plain HTTP is served to more than loopback; default false
 * @param inspectPort where /gpushare-scheduler/inspect is served, 0 to 65535, with the value of
 *     port on the extender's port; default nowhere
 * @param inspectHost the address of a port of inspection's own; default 127.0.0.1
 * @param healthPort where health and metrics are served by plain HTTP, 0 to 65535, for probes that
 *     present no certificate; default nowhere but on the extender's port
 * @param healthHost the address of that port, so that the kubelet's probes and Prometheus reach it
 *     while the extender is on loopback; default that of the extender
 */
public record HttpConfig(
    int maxConnections,
    int maxHeaderKibibytes,
    int requestSeconds,
    int idleSeconds,
    boolean plainHttp,
    @Nullable Integer inspectPort,
    String inspectHost,
    @Nullable Integer healthPort,
    @Nullable String healthHost) {

  /** Checks every setting; throws IllegalArgumentException. */
  public HttpConfig {
    StowageConfig.requireRange("http.maxConnections", maxConnections, 1, 100_000);
    StowageConfig.requireRange("http.maxHeaderKibibytes", maxHeaderKibibytes, 1, 1024);
    StowageConfig.requireRange("http.requestSeconds", requestSeconds, 1, 3600);
    StowageConfig.requireRange("http.idleSeconds", idleSeconds, 1, 86_400);
    if (inspectPort != null) {
      StowageConfig.requireRange("http.inspectPort", inspectPort, 0, 65_535);
    }
    if (inspectHost.isBlank()) {
      throw new IllegalArgumentException("http.inspectHost: expected an address, was empty");
    }
    if (healthPort != null) {
      StowageConfig.requireRange("http.healthPort", healthPort, 0, 65_535);
    }
    if (healthHost != null && healthHost.isBlank()) {
      throw new IllegalArgumentException("http.healthHost: expected an address, was empty");
    }
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static HttpConfig of(
      @Nullable Integer maxConnections,
      @Nullable Integer maxHeaderKibibytes,
      @Nullable Integer requestSeconds,
      @Nullable Integer idleSeconds,
      @Nullable Boolean plainHttp,
      @Nullable Integer inspectPort,
      @Nullable String inspectHost,
      @Nullable Integer healthPort,
      @Nullable String healthHost) {
    return new HttpConfig(
        StowageConfig.or(maxConnections, 1000),
        StowageConfig.or(maxHeaderKibibytes, 16),
        StowageConfig.or(requestSeconds, 30),
        StowageConfig.or(idleSeconds, 120),
        StowageConfig.or(plainHttp, false),
        inspectPort,
        StowageConfig.or(inspectHost, "127.0.0.1"),
        healthPort,
        healthHost);
  }

  /** Returns the defaults. */
  static HttpConfig defaults() {
    return of(null, null, null, null, null, null, null, null, null);
  }

  /**
   * Throws IllegalArgumentException where what is not on loopback would be served by plain HTTP
   * without having been asked for.
   */
  void requireProtected(Address extender, boolean tls) {
    requireProtected("host", extender, tls);
    if (inspectPort != null && inspectPort != extender.port()) {
      requireProtected("http.inspectHost", new Address(inspectHost, inspectPort), tls);
    }
  }

  private void requireProtected(String setting, Address address, boolean tls) {
    if (!tls && !plainHttp && !address.isLoopback()) {
      throw new IllegalArgumentException(
          setting
              + ": expected a loopback address, or tls, or http.plainHttp: true since anyone who"
              + " reaches the port could bind pods, was '"
              + address.host()
              + "'");
    }
  }

  /** Returns what the service needs to know. */
  HttpSettings settings(Address extender, @Nullable TlsFiles tls) {
    boolean together = inspectPort != null && inspectPort == extender.port();
    return new HttpSettings(
        new HttpLimits(
            maxConnections,
            maxHeaderKibibytes << 10,
            Duration.ofSeconds(requestSeconds),
            Duration.ofSeconds(idleSeconds)),
        tls,
        together,
        inspectPort == null || together ? null : new Address(inspectHost, inspectPort),
        healthPort == null
            ? null
            : new Address(StowageConfig.or(healthHost, extender.host()), healthPort));
  }
}
