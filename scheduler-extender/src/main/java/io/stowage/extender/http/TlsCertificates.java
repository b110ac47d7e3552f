package io.stowage.extender.http;

import io.stowage.extender.metrics.ServiceMetrics;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that servers present, taken anew from its files when they change.
 *
 * <p>Contents are compared, so that a symbolic link that Kubernetes swaps is seen as well. New ones
 * are taken once two looks have found the same, for files may be written one after another; those
 * that make no valid pair are refused and the ones before stay. Connections that are open go on.
 * Thread-safe.
 */
public final class TlsCertificates {
  private static final Logger LOG = LoggerFactory.getLogger(TlsCertificates.class);
  private static final long CHECK_MILLIS = 2_000;

  private final Vertx vertx;
  private final TlsFiles files;
  private final ServiceMetrics metrics;
  private final List<HttpServer> servers = new CopyOnWriteArrayList<>();

  private volatile ServerCertificate inUse;
  private @Nullable ServerCertificate seen;
  private @Nullable ServerCertificate refused;
  private boolean unreadable;

  private TlsCertificates(
      Vertx vertx, TlsFiles files, ServiceMetrics metrics, ServerCertificate inUse) {
    this.vertx = vertx;
    this.files = files;
    this.metrics = metrics;
    this.inUse = inUse;
  }

  /**
   * Reads the files and looks at them every two seconds from now on.
   *
   * @throws IOException where they cannot be read or make no valid pair
   */
  public static TlsCertificates load(Vertx vertx, TlsFiles files, ServiceMetrics metrics)
      throws IOException {
    ServerCertificate first = ServerCertificate.read(files);
    metrics.certificateExpires(first.check(vertx));
    TlsCertificates certificates = new TlsCertificates(vertx, files, metrics, first);
    vertx.setPeriodic(
        CHECK_MILLIS,
        due ->
            vertx.executeBlocking(
                () -> {
                  certificates.look();
                  return null;
                }));
    return certificates;
  }

  /** Returns what a server that starts now presents. */
  ServerSSLOptions options() {
    return inUse.options();
  }

  /** Has a server present what comes later. */
  void keepFresh(HttpServer server) {
    servers.add(server);
  }

  private synchronized void look() {
    ServerCertificate found;
    try {
      found = ServerCertificate.read(files);
    } catch (IOException e) {
      if (!unreadable) {
        unreadable = true;
        refuse(e);
      }
      return;
    }
    unreadable = false;
    boolean settled = found.equals(seen);
    seen = found;
    if (!settled || found.equals(inUse) || found.equals(refused)) {
      return;
    }
    try {
      long expiresEpochSeconds = found.check(vertx);
      for (HttpServer server : servers) {
        server.updateSSLOptions(found.options()).toCompletionStage().toCompletableFuture().join();
      }
      inUse = found;
      refused = null;
      metrics.certificateExpires(expiresEpochSeconds);
      LOG.info("the certificate was read anew from {}", files.certFile());
    } catch (IOException | CompletionException e) {
      refused = found;
      refuse(e);
    }
  }

  private void refuse(Exception e) {
    metrics.tlsReloadFailed();
    LOG.warn("the new certificate is refused, the one before stays: {}", e.getMessage());
  }
}
