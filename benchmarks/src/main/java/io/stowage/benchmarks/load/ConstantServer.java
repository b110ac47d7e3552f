package io.stowage.benchmarks.load;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;

/**
 * The measure of all answers: a Vert.x handler that reads the whole body and answers a constant of
 * the length of a shortlist.
 */
final class ConstantServer implements AutoCloseable {
  private static final Buffer ANSWER =
      Buffer.buffer(
          "{\"Nodes\":null,\"NodeNames\":[\"node-00001\",\"node-00002\",\"node-00003\"],"
              + "\"FailedNodes\":{},\"FailedAndUnresolvableNodes\":{},\"Error\":\"\"}");

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final HttpServer server;

  ConstantServer() {
    server =
        vertx
            .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
            .requestHandler(
                request ->
                    request
                        .body()
                        .onSuccess(
                            body ->
                                request
                                    .response()
                                    .putHeader("Content-Type", "application/json")
                                    .end(ANSWER)));
    server.listen().toCompletionStage().toCompletableFuture().join();
  }

  int port() {
    return server.actualPort();
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
