package io.stowage.extender.audit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What repeated audits found, for Prometheus at {@code /metrics} on loopback. Thread-safe. */
public final class AuditMetrics implements AutoCloseable {
  private static final double MILLIS_PER_SECOND = 1000;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final HttpServer server;
  private final Counter failures;
  private volatile Map<Finding.Kind, Integer> findings = Map.of();
  private volatile long lastSuccessMillis;

  private AuditMetrics(HttpServer server) {
    this.server = server;
    for (Finding.Kind kind : Finding.Kind.values()) {
      Gauge.builder("stowage.audit.findings", () -> findings.getOrDefault(kind, 0))
          .description("What the last audit that succeeded found.")
          .tag("kind", kind.key())
          .register(registry);
    }
    Gauge.builder(
            "stowage.audit.last.success.timestamp.seconds",
            () -> lastSuccessMillis / MILLIS_PER_SECOND)
        .description("When nodes and pods were last listed and checked, 0 before the first time.")
        .register(registry);
    failures =
        Counter.builder("stowage.audit.failures")
            .description("Audits that could not list nodes and pods.")
            .register(registry);
  }

  /** Serves metrics on a port of 127.0.0.1, 0 for any free one. */
  public static AuditMetrics serve(int port) throws IOException {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new IOException("cannot listen on 127.0.0.1:" + port + ": " + e.getMessage(), e);
    }
    AuditMetrics metrics = new AuditMetrics(server);
    server.createContext("/metrics", metrics::answer);
    server.start();
    return metrics;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = registry.scrape().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Returns the port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Tells of an audit that succeeded. */
  void succeeded(AuditReport report, long epochMillis) {
    findings = report.countByKind();
    lastSuccessMillis = epochMillis;
  }

  /** Tells of an audit that failed. */
  void failed() {
    failures.increment();
  }

  @Override
  public void close() {
    server.stop(0);
    registry.close();
  }
}
