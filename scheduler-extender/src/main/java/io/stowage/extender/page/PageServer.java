package io.stowage.extender.page;

import io.stowage.extender.http.HttpLimits;
import io.stowage.extender.http.HttpListener;
import io.stowage.extender.http.TlsCertificates;
import io.stowage.extender.http.TlsFiles;
import io.stowage.extender.metrics.ServiceMetrics;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The page, being served by an event loop of its own, so that who looks keeps no decision waiting.
 * Thread-safe.
 */
public final class PageServer implements AutoCloseable {
  private static final Duration LONGEST_ANSWER = Following.LONGEST.plusMinutes(1);
  private static final HttpLimits LIMITS =
      new HttpLimits(100, 16 << 10, LONGEST_ANSWER, Duration.ofMinutes(2));

  private final Vertx vertx;
  private final HttpListener listener;
  private final Following following;
  private final boolean tls;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PageServer(Vertx vertx, HttpListener listener, Following following, boolean tls) {
    this.vertx = vertx;
    this.listener = listener;
    this.following = following;
    this.tls = tls;
  }

  /**
   * Starts serving; returns when it listens.
   *
   * @param source where the picture comes from; belongs to the page from now on
   * @param access who may look
   * @param tls the certificates, null for plain HTTP
   * @throws IOException where the address cannot be listened on or a certificate cannot be used
   */
  public static PageServer start(
      PageSettings settings,
      PictureSource source,
      PageAccess access,
      @Nullable TlsFiles tls,
      ServiceMetrics metrics)
      throws IOException {
    return start(settings, source, access, tls, metrics, null);
  }

  /**
   * Starts serving, with metrics.
   *
   * @param scrape returns all metrics in Prometheus' text format, any thread, may block; null where
   *     there are none
   */
  public static PageServer start(
      PageSettings settings,
      PictureSource source,
      PageAccess access,
      @Nullable TlsFiles tls,
      ServiceMetrics metrics,
      @Nullable Supplier<String> scrape)
      throws IOException {
    PageAssets assets = PageAssets.load();
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(4)
                .setInternalBlockingPoolSize(1));
    Following following = new Following(source, settings);
    try {
      TlsCertificates certificates = tls == null ? null : TlsCertificates.load(vertx, tls, metrics);
      HttpListener listener =
          HttpListener.start(
              vertx.getOrCreateContext(),
              settings.address(),
              LIMITS,
              certificates,
              metrics,
              List.of(
                  new PageRoutes(
                      assets, settings.address().isLoopback(), access, following, scrape)));
      following.start();
      return new PageServer(vertx, listener, following, tls != null);
    } catch (IOException e) {
      following.close();
      vertx.close().toCompletionStage().toCompletableFuture().join();
      throw e;
    }
  }

  /** Returns the port that it listens on. */
  public int port() {
    return listener.port();
  }

  /** Returns the address for a browser on this machine, or on any that reaches the host. */
  public String url(String host) {
    return (tls ? "https" : "http")
        + "://"
        + (host.contains(":") ? "[" + host + "]" : host)
        + ":"
        + port()
        + "/";
  }

  /** Ends what browsers follow, then stops. */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    following.close();
    listener.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
