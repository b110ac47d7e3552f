package io.stowage.extender.watch;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Forwards connections to a port of this machine until it is frozen: those that are open then stay
 * open and carry nothing more, as when a machine loses its power; new ones are forwarded.
 */
final class FreezableLink implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final NetClient client = vertx.createNetClient();
  private final NetServer server;
  private final AtomicInteger generation = new AtomicInteger();

  FreezableLink(int toPort) {
    server = vertx.createNetServer().connectHandler(near -> connect(near, toPort));
    server.listen(0, "127.0.0.1").toCompletionStage().toCompletableFuture().join();
  }

  private void connect(NetSocket near, int toPort) {
    int born = generation.get();
    near.pause();
    client
        .connect(toPort, "127.0.0.1")
        .onSuccess(
            far -> {
              near.handler(data -> forward(data, far, born));
              far.handler(data -> forward(data, near, born));
              near.closeHandler(closed -> far.close());
              far.closeHandler(
                  closed -> {
                    if (born == generation.get()) {
                      near.close();
                    }
                  });
              near.resume();
            })
        .onFailure(failure -> near.close());
  }

  private void forward(Buffer data, NetSocket to, int born) {
    if (born == generation.get()) {
      to.write(data);
    }
  }

  int port() {
    return server.actualPort();
  }

  /** Freezes the connections that are open now. */
  void freeze() {
    generation.incrementAndGet();
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
