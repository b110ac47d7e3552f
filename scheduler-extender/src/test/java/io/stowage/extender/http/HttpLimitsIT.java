package io.stowage.extender.http;

import static io.stowage.extender.http.RawSockets.readToEnd;
import static io.stowage.extender.http.RawSockets.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stowage.extender.service.ExtenderService;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What callers can take of the service, shown with sockets that behave badly; others are served
 * meanwhile.
 */
class HttpLimitsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String HEALTH = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

  private final RawSockets sockets = new RawSockets(PATIENCE);
  private @Nullable ExtenderService service;
  private int port;

  @AfterEach
  void stop() throws IOException {
    sockets.close();
    if (service != null) {
      service.close();
    }
  }

  private void start(HttpLimits limits) throws IOException {
    service = Services.start(new HttpSettings(limits, null, false, null, null));
    port = service.port();
  }

  private static HttpLimits limits(int connections, int requestSeconds, int idleSeconds) {
    return new HttpLimits(
        connections, 4096, Duration.ofSeconds(requestSeconds), Duration.ofSeconds(idleSeconds));
  }

  private Socket open() throws IOException {
    return sockets.open(port);
  }

  private static String readAnswer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    byte[] answer = new byte[4096];
    int length = in.read(answer);
    return length < 0 ? "" : new String(answer, 0, length, StandardCharsets.UTF_8);
  }

  private void assertOthersAreServed() {
    assertThat(new ExtenderClient(port).get("/healthz").statusCode()).isEqualTo(200);
  }

  private double ended(String reason) {
    String name = "stowage_http_connections_ended_total{reason=\"" + reason + "\"} ";
    return new ExtenderClient(port)
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .findFirst()
        .orElse(0);
  }

  private double connections() {
    return new ExtenderClient(port)
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("stowage_http_connections "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  /** Sends a byte every 50 ms until the connection is cut; tells whether it was. */
  private static boolean trickleUntilCut(Socket socket) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (System.nanoTime() < end) {
        socket.getOutputStream().write('x');
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
      return false;
    } catch (IOException cut) {
      return true;
    }
  }

  @Test
  void connectionsBeyondTheLimitAreClosedAndThoseThatAreOpenGoOn() throws IOException {
    start(limits(8, 30, 120));
    List<Socket> open = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Socket socket = open();
      send(socket, HEALTH);
      assertThat(readAnswer(socket)).startsWith("HTTP/1.1 200");
      open.add(socket);
    }
    for (int i = 0; i < 50; i++) {
      Socket tooMany = open();
      assertThat(readToEnd(tooMany)).isEmpty();
      tooMany.close();
    }
    for (Socket socket : open) {
      send(socket, HEALTH);
      assertThat(readAnswer(socket)).startsWith("HTTP/1.1 200");
      socket.close();
    }
    await("room for others")
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              Socket next = open();
              send(next, HEALTH);
              assertThat(readAnswer(next)).startsWith("HTTP/1.1 200");
            });
  }

  @Test
  void bodyThatTricklesIsCut() throws IOException {
    start(limits(100, 2, 120));
    Socket slow = open();
    send(slow, "POST /scheduler/filter HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{");
    assertOthersAreServed();
    assertThat(trickleUntilCut(slow)).isTrue();
    assertThat(ended("request_time")).isEqualTo(1);
    assertOthersAreServed();
  }

  @Test
  void headThatTricklesIsCut() throws IOException {
    start(limits(100, 30, 2));
    Socket slow = open();
    send(slow, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    assertOthersAreServed();
    assertThat(trickleUntilCut(slow)).isTrue();
    assertThat(ended("idle")).isPositive();
    assertOthersAreServed();
  }

  @Test
  void connectionKeptOpenBetweenRequestsLivesForTheIdleTimeNotTheRequestTime() throws IOException {
    start(limits(100, 1, 120));
    Socket kept = open();
    for (int i = 0; i < 3; i++) {
      send(kept, HEALTH);
      assertThat(readAnswer(kept)).startsWith("HTTP/1.1 200");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_500));
    }
    send(kept, HEALTH);
    assertThat(readAnswer(kept)).startsWith("HTTP/1.1 200");
  }

  @Test
  void idleConnectionIsClosed() throws IOException {
    start(limits(100, 30, 1));
    Socket idle = open();
    assertThat(readToEnd(idle)).isEmpty();
    Socket used = open();
    send(used, HEALTH);
    assertThat(readToEnd(used)).startsWith("HTTP/1.1 200");
    assertThat(ended("idle")).isGreaterThanOrEqualTo(2);
  }

  @Test
  void headersBeyondTheLimitAre431() throws IOException {
    start(limits(100, 30, 120));
    Socket large = open();
    send(large, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: " + "x".repeat(8192) + "\r\n\r\n");
    assertThat(readAnswer(large)).startsWith("HTTP/1.1 431");
    Socket longLine = open();
    send(longLine, "GET /" + "x".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    assertThat(readAnswer(longLine)).contains(" 414 ");
    assertOthersAreServed();
  }

  @Test
  void requestsSentWithoutWaitingAreAnsweredInOrder() throws IOException {
    start(limits(100, 30, 1));
    Socket eager = open();
    send(eager, HEALTH.repeat(200));
    String answers = readToEnd(eager);
    assertThat(answers.split("HTTP/1.1 200 OK", -1)).hasSize(201);
  }

  @Test
  void callerThatNeverReadsIsCutAndCostsABoundedBuffer() throws IOException {
    start(limits(100, 2, 2));
    Socket deaf = open();
    byte[] requests =
        "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100).getBytes(StandardCharsets.UTF_8);
    long sent = 0;
    boolean cut = false;
    Thread stuck = Thread.currentThread();
    Thread watchdog = watchdog(stuck, deaf);
    try {
      while (sent < 1L << 30) {
        deaf.getOutputStream().write(requests);
        sent += requests.length;
      }
    } catch (IOException reset) {
      cut = true;
    }
    watchdog.interrupt();
    assertThat(cut).as("cut after %d bytes of requests", sent).isTrue();
    // What it could send is what socket buffers hold: the service stopped reading.
    assertThat(sent).isLessThan(64L << 20);
    assertThat(ended("request_time") + ended("idle")).isPositive();
    assertOthersAreServed();
  }

  /** Closes a socket whose write blocks for longer than patience allows. */
  private static Thread watchdog(Thread writer, Socket socket) {
    Thread watchdog =
        new Thread(
            () -> {
              LockSupport.parkNanos(PATIENCE.toNanos());
              if (!Thread.currentThread().isInterrupted()) {
                try {
                  socket.close();
                } catch (IOException e) {
                  writer.interrupt();
                }
              }
            });
    watchdog.setDaemon(true);
    watchdog.start();
    return watchdog;
  }

  @Test
  void upgradeToHttp2IsNotTaken() throws IOException {
    start(limits(100, 30, 1));
    Socket h2c = open();
    send(h2c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assertThat(readAnswer(h2c)).contains(" 501 ");
    Socket upgrade = open();
    send(
        upgrade,
        String.join(
            "\r\n",
            "GET /healthz HTTP/1.1",
            "Host: x",
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
            "",
            ""));
    assertThat(readAnswer(upgrade)).startsWith("HTTP/1.1 200");
    assertOthersAreServed();
  }

  @Test
  void connectionsThatCameAndWentLeaveNothingBehind() throws IOException {
    start(limits(100, 30, 120));
    ExtenderClient client = new ExtenderClient(port);
    assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
    int threads = Thread.activeCount();
    for (int i = 0; i < 2_000; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        if (i % 3 > 0) {
          send(
              socket,
              i % 3 == 1
                  ? HEALTH
                  : "POST /scheduler/filter HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
        }
        if (i % 3 == 1) {
          assertThat(readAnswer(socket)).startsWith("HTTP/1.1 200");
        }
      }
    }
    await("all connections to be gone but this one's")
        .atMost(PATIENCE)
        .until(() -> connections() <= 2);
    assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 5);
  }
}
