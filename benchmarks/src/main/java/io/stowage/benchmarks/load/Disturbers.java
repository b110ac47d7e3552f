package io.stowage.benchmarks.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Callers that misbehave, on a thread of their own, until they are closed. */
final class Disturbers implements AutoCloseable {
  private static final int OFTEN_MILLIS = 20;
  private static final int SELDOM_MILLIS = 100;
  private static final int IDLE_CONNECTIONS = 900;
  private static final int SLOW_CONNECTIONS = 200;
  private static final int DEAF_CONNECTIONS = 20;
  private static final int PIPELINED = 100;
  private static final int SOME_BYTES = 64 << 10;

  private final int port;
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final List<SocketChannel> connections = new ArrayList<>();
  private @Nullable ScheduledFuture<?> repeated;
  private final AtomicLong attempts = new AtomicLong();
  private final AtomicLong cut = new AtomicLong();

  /** An attempt to disturb; fails where it is cut off. */
  private interface Attempt {
    void make() throws IOException;
  }

  Disturbers(Misbehaviour kind, int port) throws IOException {
    this.port = port;
    switch (kind) {
      case OVERSIZED -> repeat(OFTEN_MILLIS, () -> sendAndRead(head(1L << 30), some()));
      case TRUNCATED -> repeat(OFTEN_MILLIS, () -> sendAndGo(head(2L * SOME_BYTES), some()));
      case SLOW -> {
        open(SLOW_CONNECTIONS, head(100L << 20));
        repeat(SELDOM_MILLIS, () -> writeToAll(ByteBuffer.wrap(new byte[] {'{', ' ', ' '})));
      }
      case IDLE -> open(IDLE_CONNECTIONS, "");
      case PIPELINED ->
          repeat(SELDOM_MILLIS, () -> sendAndRead((head(2) + "{}").repeat(PIPELINED), new byte[0]));
      case DEAF -> {
        open(DEAF_CONNECTIONS, "");
        String ask = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(PIPELINED);
        byte[] bytes = ask.getBytes(StandardCharsets.US_ASCII);
        repeat(SELDOM_MILLIS, () -> writeToAll(ByteBuffer.wrap(bytes)));
      }
    }
  }

  private static String head(long bodyBytes) {
    return "POST /scheduler/filter HTTP/1.1\r\nHost: x\r\nContent-Length: "
        + bodyBytes
        + "\r\n\r\n";
  }

  private static byte[] some() {
    return " ".repeat(SOME_BYTES).getBytes(StandardCharsets.US_ASCII);
  }

  private void repeat(int millis, Attempt attempt) {
    repeated =
        thread.scheduleWithFixedDelay(
            () -> {
              attempts.incrementAndGet();
              try {
                attempt.make();
              } catch (IOException e) {
                cut.incrementAndGet();
              }
            },
            0,
            millis,
            TimeUnit.MILLISECONDS);
  }

  private void open(int count, String first) throws IOException {
    for (int i = 0; i < count; i++) {
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.write(ByteBuffer.wrap(first.getBytes(StandardCharsets.US_ASCII)));
      channel.configureBlocking(false);
      connections.add(channel);
      attempts.incrementAndGet();
    }
  }

  private void writeToAll(ByteBuffer bytes) {
    for (SocketChannel channel : connections) {
      try {
        if (channel.isOpen()) {
          channel.write(bytes.duplicate());
        }
      } catch (IOException e) {
        cut.incrementAndGet();
        close(channel);
      }
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new IllegalStateException("a socket cannot be closed", e);
    }
  }

  private void sendAndGo(String head, byte[] body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      send(socket, head, body);
    }
  }

  private void sendAndRead(String head, byte[] body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(OFTEN_MILLIS);
      send(socket, head, body);
      InputStream in = socket.getInputStream();
      byte[] answer = new byte[SOME_BYTES];
      int read = in.read(answer);
      while (read > 0) {
        read = in.read(answer);
      }
    }
  }

  private static void send(Socket socket, String head, byte[] body) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(body);
    out.flush();
  }

  /** Returns how often they tried, and were cut off or gave up waiting. */
  String summary() {
    return "%d attempts, %d cut off or given up".formatted(attempts.get(), cut.get());
  }

  @Override
  public void close() {
    if (repeated != null) {
      repeated.cancel(false);
    }
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
        throw new IllegalStateException("the disturbers do not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.forEach(Disturbers::close);
  }
}
