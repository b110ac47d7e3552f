package io.stowage.extender.e2e;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/**
 * An extender that reads a request of {@code filter}, answers with its first node, and no more but
 * to keep the last of the requests.
 */
final class NoOpExtender implements AutoCloseable {
  private static final byte[] NAMES = "\"NodeNames\":[\"".getBytes(StandardCharsets.UTF_8);

  private static final int KEPT = 16;

  private final Vertx vertx = Vertx.vertx();
  private final HttpServer server;
  private final Deque<byte[]> last = new ConcurrentLinkedDeque<>();

  /** Starts listening on a free port. */
  NoOpExtender() {
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions().setHost("127.0.0.1").setPort(0).setTcpNoDelay(true))
            .requestHandler(request -> request.body().onSuccess(body -> answer(request, body)));
    server.listen().toCompletionStage().toCompletableFuture().join();
  }

  private void answer(HttpServerRequest request, Buffer body) {
    byte[] bytes = body.getBytes();
    last.add(bytes);
    if (last.size() > KEPT) {
      last.remove();
    }
    request
        .response()
        .putHeader("Content-Type", "application/json")
        .end(
            "{\"Nodes\":null,\"NodeNames\":[\""
                + firstName(bytes)
                + "\"],\"FailedNodes\":{},\"FailedAndUnresolvableNodes\":{},\"Error\":\"\"}");
  }

  /** Returns the first of the names, which stand last in a request, after the pod. */
  private static String firstName(byte[] body) {
    for (int start = body.length - NAMES.length; start >= 0; start--) {
      int matching = 0;
      while (matching < NAMES.length && body[start + matching] == NAMES[matching]) {
        matching++;
      }
      if (matching == NAMES.length) {
        int first = start + NAMES.length;
        int end = first;
        while (body[end] != '"') {
          end++;
        }
        return new String(body, first, end - first, StandardCharsets.UTF_8);
      }
    }
    throw new IllegalArgumentException("expected NodeNames");
  }

  /** Returns the bodies of the last requests, the oldest first. */
  List<byte[]> last() {
    return List.copyOf(last);
  }

  /** Returns what kube-scheduler is to call. */
  String url() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
