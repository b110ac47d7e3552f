package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stands between Stowage and the API server, counts requests and lets them fail as told. Watches,
 * over HTTP and over WebSockets, are handed on piece by piece.
 */
final class FaultyApi implements AutoCloseable {
  private static final Pattern SERVER = Pattern.compile("https://127\\.0\\.0\\.1:(\\d+)");
  private static final int MAX_MESSAGE_BYTES = 16 << 20;
  private static final int CONNECTIONS = 512;

  private static final String GONE =
      """
      {"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
      "message":"too old resource version","reason":"Expired","code":410}}
      """;

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
  private final HttpClient client;
  private final WebSocketClient webSockets;
  private final HttpServer server;
  private final Path kubeconfig;
  private final int apiServerPort;
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
  private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
  private volatile Function<ApiRequest, Fault> faults = request -> Fault.NONE;

  /** A watch in progress. */
  private interface Watch {
    void cut();

    /** Ends it as an API server does that no longer has the version. */
    void expire();
  }

  /** Starts on a free port, in front of the API server of a kubeconfig. */
  FaultyApi(Path original) {
    client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setSsl(true)
                .setTrustAll(true)
                .setVerifyHost(false)
                .setTcpNoDelay(true),
            new PoolOptions().setHttp1MaxSize(CONNECTIONS));
    webSockets =
        vertx.createWebSocketClient(
            new WebSocketClientOptions()
                .setSsl(true)
                .setTrustAll(true)
                .setVerifyHost(false)
                .setMaxConnections(CONNECTIONS)
                .setMaxFrameSize(MAX_MESSAGE_BYTES)
                .setMaxMessageSize(MAX_MESSAGE_BYTES));
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost("127.0.0.1")
                    .setPort(0)
                    .setTcpNoDelay(true)
                    .setHttp2ClearTextEnabled(false)
                    .setMaxWebSocketFrameSize(MAX_MESSAGE_BYTES)
                    .setMaxWebSocketMessageSize(MAX_MESSAGE_BYTES))
            .requestHandler(this::handle);
    join(server.listen());
    try {
      String text = Files.readString(original);
      Matcher matcher = SERVER.matcher(text);
      assertThat(matcher.find()).as("a server on loopback in " + original).isTrue();
      apiServerPort = Integer.parseInt(matcher.group(1));
      kubeconfig = original.resolveSibling("faulty-" + original.getFileName());
      Files.writeString(kubeconfig, matcher.replaceAll("http://127.0.0.1:" + server.actualPort()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the kubeconfig of who is to come through here. */
  Path kubeconfig() {
    return kubeconfig;
  }

  /** Decides what happens to each request from now on; called from several threads. */
  void faults(Function<ApiRequest, Fault> decide) {
    faults = decide;
  }

  void noFaults() {
    faults = request -> Fault.NONE;
  }

  /** Returns how many watches are in progress. */
  int watches() {
    return watches.size();
  }

  /** Breaks the connections of all watches and returns how many there were. */
  int cutWatches() {
    Set<Watch> all = Set.copyOf(watches);
    all.forEach(Watch::cut);
    return all.size();
  }

  /** Ends all watches with 410 Gone and returns how many there were. */
  int expireWatches() {
    Set<Watch> all = Set.copyOf(watches);
    all.forEach(Watch::expire);
    return all.size();
  }

  /** Returns how many requests there were of each kind. */
  Map<String, Long> counts() {
    Map<String, Long> copy = new TreeMap<>();
    counts.forEach((what, count) -> copy.put(what, count.sum()));
    return copy;
  }

  /** Returns how many requests of a kind there were. */
  long count(String what) {
    return counts().getOrDefault(what, 0L);
  }

  private void handle(HttpServerRequest request) {
    boolean watch = "true".equals(request.getParam("watch"));
    ApiRequest api = ApiRequest.of(request.method().name(), request.path(), watch);
    counts.computeIfAbsent(api.what(), what -> new LongAdder()).increment();
    Fault fault = faults.apply(api);
    if (fault instanceof Fault.Break) {
      request.connection().close();
    } else if (fault instanceof Fault.BreakAfter breakAfter) {
      run(breakAfter.action()).onComplete(done -> request.connection().close());
    } else if (fault instanceof Fault.Answer answer) {
      refuse(request.response(), answer.status());
    } else if (request.canUpgradeToWebSocket()) {
      relayWebSocket(request, fault);
    } else {
      relay(request, watch, fault);
    }
  }

  private Future<Void> run(Runnable action) {
    return vertx.executeBlocking(
        () -> {
          action.run();
          return null;
        },
        false);
  }

  private static void refuse(HttpServerResponse response, int status) {
    if (status == 429) {
      response.putHeader("Retry-After", "1");
    }
    response
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"as told","code":%d}
            """
                .formatted(status));
  }

  private void relay(HttpServerRequest request, boolean watch, Fault fault) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(request.method())
            .setHost("127.0.0.1")
            .setPort(apiServerPort)
            .setURI(request.uri());
    request
        .body()
        .compose(
            body ->
                client
                    .request(options)
                    .compose(
                        sent -> {
                          copy(request.headers(), sent.headers());
                          return sent.send(body);
                        }))
        .compose(
            answer -> {
              HttpServerResponse response = request.response();
              if (watch) {
                answer.pause();
                return afterwards(fault, request).map(go -> stream(answer, response));
              }
              return answer
                  .body()
                  .compose(
                      body -> afterwards(fault, request).map(go -> end(answer, body, response)));
            })
        .onFailure(failure -> request.connection().close());
  }

  /** Completes when an answer may be given; breaks the connection where it is to be lost. */
  private Future<Void> afterwards(Fault fault, HttpServerRequest request) {
    if (fault instanceof Fault.Delay delay) {
      long millis = delay.duration().toMillis();
      return millis == 0 ? Future.succeededFuture() : vertx.timer(millis).mapEmpty();
    }
    if (fault instanceof Fault.LoseAnswerAfter lose) {
      return run(lose.action()).onComplete(done -> request.connection().close());
    }
    request.connection().close();
    return Future.succeededFuture();
  }

  private static boolean end(HttpClientResponse answer, Buffer body, HttpServerResponse response) {
    if (!response.closed()) {
      response.setStatusCode(answer.statusCode());
      copy(answer.headers(), response.headers());
      response.end(body);
    }
    return true;
  }

  private boolean stream(HttpClientResponse answer, HttpServerResponse response) {
    if (response.closed()) {
      answer.request().reset();
      return false;
    }
    response.setStatusCode(answer.statusCode()).setChunked(true);
    copy(answer.headers(), response.headers());
    Watch watch =
        new Watch() {
          @Override
          public void cut() {
            answer.request().reset();
            answer.request().connection().close();
          }

          @Override
          public void expire() {
            answer.handler(ignored -> {});
            response.write(GONE).onComplete(written -> cut());
          }
        };
    watches.add(watch);
    response.closeHandler(
        closed -> {
          watches.remove(watch);
          answer.request().reset();
        });
    answer.exceptionHandler(
        broken -> {
          watches.remove(watch);
          response.reset();
        });
    answer.endHandler(
        ended -> {
          watches.remove(watch);
          response.end();
        });
    answer.handler(response::write);
    answer.resume();
    return true;
  }

  private void relayWebSocket(HttpServerRequest request, Fault fault) {
    request.pause();
    WebSocketConnectOptions options = new WebSocketConnectOptions();
    options.setHost("127.0.0.1").setPort(apiServerPort).setURI(request.uri());
    for (String name : new String[] {"Authorization", "User-Agent"}) {
      if (request.headers().contains(name)) {
        options.putHeader(name, request.getHeader(name));
      }
    }
    webSockets
        .connect(options)
        .compose(
            up -> {
              up.pause();
              return afterwards(fault, request)
                  .compose(go -> request.toWebSocket())
                  .map(down -> relay(up, down));
            })
        .onFailure(
            failure -> {
              if (failure instanceof UpgradeRejectedException rejected) {
                request.response().setStatusCode(rejected.getStatus()).end(rejected.getBody());
              } else {
                request.connection().close();
              }
            });
  }

  private boolean relay(WebSocket up, ServerWebSocket down) {
    Watch watch =
        new Watch() {
          @Override
          public void cut() {
            up.close();
            down.close();
          }

          @Override
          public void expire() {
            up.textMessageHandler(ignored -> {});
            down.writeTextMessage(GONE.strip()).onComplete(written -> cut());
          }
        };
    watches.add(watch);
    up.textMessageHandler(down::writeTextMessage);
    up.binaryMessageHandler(down::writeBinaryMessage);
    down.closeHandler(
        closed -> {
          watches.remove(watch);
          up.close();
        });
    up.closeHandler(
        closed -> {
          watches.remove(watch);
          down.close();
        });
    up.exceptionHandler(broken -> down.close());
    down.exceptionHandler(broken -> up.close());
    up.resume();
    return true;
  }

  /** Copies headers but for those that belong to a connection. */
  private static void copy(MultiMap from, MultiMap to) {
    from.forEach(
        header -> {
          if (!Set.of("host", "connection", "transfer-encoding", "content-length")
              .contains(header.getKey().toLowerCase(Locale.ROOT))) {
            to.add(header.getKey(), header.getValue());
          }
        });
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
