package io.stowage.extender.http;

import io.stowage.extender.metrics.ServiceMetrics;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerConfig;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A server that listens, with its limits and, where it has one, its certificate. Thread-safe. */
public final class HttpListener {
  private final HttpServer server;

  private HttpListener(HttpServer server) {
    this.server = server;
  }

  /**
   * Starts listening.
   *
   * @param context of the event loop that serves
   * @param certificates null for plain HTTP
   * @throws IOException where the address cannot be listened on
   */
  public static HttpListener start(
      Context context,
      Address address,
      HttpLimits limits,
      @Nullable TlsCertificates certificates,
      ServiceMetrics metrics,
      List<Routes> routes)
      throws IOException {
    Vertx vertx = context.owner();
    HttpServer server = server(vertx, address, limits, certificates);
    ConnectionLimits connections = new ConnectionLimits(vertx, limits, metrics);
    Router router = Router.router(vertx);
    router.route().handler(connections::handle).failureHandler(Responses::failed);
    routes.forEach(some -> some.addTo(router));
    Responses.refuseTheRest(router);
    server
        .connectionHandler(connections::opened)
        .exceptionHandler(
            failure ->
                metrics.connectionEnded(failure instanceof SSLException ? "handshake" : "error"))
        .requestHandler(router);
    CompletableFuture<HttpServer> listening = new CompletableFuture<>();
    context.runOnContext(
        on -> server.listen().onComplete(listening::complete, listening::completeExceptionally));
    try {
      listening.join();
    } catch (CompletionException e) {
      throw new IOException("cannot listen on " + address + ": " + e.getCause(), e);
    }
    if (certificates != null) {
      certificates.keepFresh(server);
    }
    return new HttpListener(server);
  }

  private static HttpServer server(
      Vertx vertx, Address address, HttpLimits limits, @Nullable TlsCertificates certificates) {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(address.host())
            .setPort(address.port())
            .setMaxHeaderSize(limits.maxHeaderBytes())
            // One request at a time on a connection is what the limits are made for.
            .setHttp2ClearTextEnabled(false)
            .setUseAlpn(false)
            // No WebSockets are served; what Netty does for them ends connections that send ahead.
            .setPerMessageWebSocketCompressionSupported(false)
            .setPerFrameWebSocketCompressionSupported(false)
            .setSsl(certificates != null);
    return certificates == null
        ? vertx.createHttpServer(options)
        : vertx.createHttpServer(new HttpServerConfig(options), certificates.options());
  }

  /** Returns the port that it listens on. */
  public int port() {
    return server.actualPort();
  }

  /** Answers what is being asked, then stops. */
  public void close() {
    server.close().toCompletionStage().toCompletableFuture().join();
  }
}
