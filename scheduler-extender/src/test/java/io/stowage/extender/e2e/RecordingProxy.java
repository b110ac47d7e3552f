package io.stowage.extender.e2e;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands between kube-scheduler and Stowage: hands every request on unchanged and tells what was
 * said. While there is no Stowage, connections break.
 */
final class RecordingProxy implements AutoCloseable {
  private static final int NOBODY = 0;

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
  private final HttpClient client;
  private final HttpServer server;
  private final List<Consumer<Exchange>> listeners = new CopyOnWriteArrayList<>();
  private volatile int stowagePort = NOBODY;
  private volatile @Nullable Consumer<String> before;
  private volatile @Nullable Consumer<String> after;

  /** Starts listening on a free port. */
  RecordingProxy() {
    client =
        vertx.createHttpClient(
            new HttpClientOptions().setTcpNoDelay(true), new PoolOptions().setHttp1MaxSize(64));
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions().setHost("127.0.0.1").setPort(0).setTcpNoDelay(true))
            .requestHandler(this::handOn);
    join(server.listen());
  }

  /** Returns what kube-scheduler is to call. */
  String url() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  /** Hands requests on to this Stowage from now on. */
  void forwardTo(StowageProcess stowage) {
    stowagePort = stowage.port();
  }

  /** Breaks connections from now on. */
  void forwardToNobody() {
    stowagePort = NOBODY;
  }

  /** Has what is said told to a listener, which is called from several threads. */
  void listen(Consumer<Exchange> listener) {
    listeners.add(listener);
  }

  /** Has something done, with the verb's name, before each request is handed on; null ends it. */
  void before(@Nullable Consumer<String> action) {
    before = action;
  }

  /** Has something done, with the verb's name, before each answer is handed back; null ends it. */
  void after(@Nullable Consumer<String> action) {
    after = action;
  }

  private void handOn(HttpServerRequest request) {
    int port = stowagePort;
    if (port == NOBODY) {
      request.connection().close();
      return;
    }
    request
        .body()
        .compose(body -> interfere(before, request).compose(done -> forward(request, body, port)))
        .onFailure(failure -> request.connection().close());
  }

  private Future<Void> interfere(@Nullable Consumer<String> action, HttpServerRequest request) {
    return action == null
        ? Future.succeededFuture()
        : vertx.executeBlocking(
            () -> {
              action.accept(verb(request.path()));
              return null;
            });
  }

  private static String verb(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private Future<Void> forward(HttpServerRequest request, Buffer body, int port) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(request.method())
            .setHost("127.0.0.1")
            .setPort(port)
            .setURI(request.uri());
    return client
        .request(options)
        .compose(
            (HttpClientRequest sent) -> {
              request
                  .headers()
                  .forEach(header -> sent.putHeader(header.getKey(), header.getValue()));
              return sent.send(body);
            })
        .compose(
            response ->
                response
                    .body()
                    .compose(
                        answer -> {
                          tell(request.path(), body, response.statusCode(), answer);
                          return interfere(after, request)
                              .compose(done -> answer(request.response(), response, answer));
                        }));
  }

  private static Future<Void> answer(
      HttpServerResponse to, HttpClientResponse from, Buffer answer) {
    to.setStatusCode(from.statusCode());
    from.headers().forEach(header -> to.putHeader(header.getKey(), header.getValue()));
    return to.end(answer);
  }

  private void tell(String path, Buffer body, int status, Buffer answer) {
    Exchange exchange = new Exchange(verb(path), body, status, answer);
    listeners.forEach(listener -> listener.accept(exchange));
  }

  @Override
  public void close() {
    join(server.close());
    join(vertx.close());
  }

  private static void join(Future<?> future) {
    future.toCompletionStage().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
