package io.stowage.extender.http;

import static io.stowage.extender.http.Bodies.namesBody;
import static io.stowage.extender.http.Bodies.podJson;
import static io.stowage.extender.http.RawSockets.readToEnd;
import static io.stowage.extender.http.RawSockets.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stowage.extender.service.ExtenderService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many callers that misbehave at once: a caller that behaves is answered all the while. */
class MisbehavingCallersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MAX_BODY_BYTES = 4 << 20;
  private static final String HEAD = "POST /scheduler/filter HTTP/1.1\r\nHost: x\r\n";

  private final RawSockets sockets = new RawSockets(PATIENCE);
  private ExtenderService service;
  private ExtenderClient client;
  private int pods;

  @BeforeEach
  void start() throws IOException {
    service = Services.start(HttpSettings.DEFAULT, MAX_BODY_BYTES);
    client = new ExtenderClient(service.port());
  }

  @AfterEach
  void stop() throws IOException {
    sockets.close();
    service.close();
  }

  private Socket open() throws IOException {
    return sockets.open(service.port());
  }

  private void assertOthersAreAnswered() {
    String body = namesBody(podJson("p" + pods++, "\"cpu\":\"100m\""), "n1");
    assertThat(client.call("filter", body).get("NodeNames").get(0).asString()).isEqualTo("n1");
  }

  @Test
  void slowBodiesTogetherTakeNoMoreThanTheLargestBodyMay() throws IOException {
    int each = MAX_BODY_BYTES / 4;
    List<Socket> slow = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Socket socket = open();
      send(socket, HEAD + "Content-Length: " + MAX_BODY_BYTES + "\r\n\r\n{" + " ".repeat(each));
      slow.add(socket);
      assertOthersAreAnswered();
    }
    int refused = 0;
    for (Socket socket : slow) {
      socket.setSoTimeout(500);
      byte[] answer = new byte[64];
      try {
        int read = socket.getInputStream().read(answer);
        String text = new String(answer, 0, Math.max(0, read), StandardCharsets.US_ASCII);
        assertThat(text).startsWith("HTTP/1.1 503");
        refused++;
      } catch (java.net.SocketTimeoutException stillRead) {
        assertOthersAreAnswered();
      }
    }
    assertThat(refused).as("refused of 12, of which less than four fit").isBetween(8, 11);
  }

  @Test
  void oversizedBodiesAreRefusedAnnouncedOrNot() throws IOException {
    Socket announced = open();
    send(announced, HEAD + "Content-Length: 99999999999\r\n\r\n{");
    byte[] answer = new byte[64];
    assertThat(announced.getInputStream().read(answer)).isPositive();
    assertThat(new String(answer, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 413");
    Socket chunked = open();
    send(chunked, HEAD + "Transfer-Encoding: chunked\r\n\r\n");
    String chunk = "10000\r\n" + " ".repeat(1 << 16) + "\r\n";
    for (int i = 0; i <= MAX_BODY_BYTES >> 16; i++) {
      send(chunked, chunk);
    }
    assertThat(chunked.getInputStream().read(answer)).isPositive();
    assertThat(new String(answer, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 413");
    assertOthersAreAnswered();
  }

  @Test
  void truncatedBodiesLeaveNothingBehind() throws IOException {
    for (int i = 0; i < 200; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
        send(socket, HEAD + "Content-Length: 1000000\r\n\r\n{" + " ".repeat(100_000));
      }
      if (i % 20 == 0) {
        assertOthersAreAnswered();
      }
    }
    // What they left would not let the largest body in.
    String largest = " ".repeat(MAX_BODY_BYTES - 200);
    await("room for the largest body")
        .atMost(PATIENCE)
        .until(() -> client.post("filter", largest).statusCode() == 400);
  }

  @Test
  void callerIsAnsweredBesideAThousandIdleConnectionsLessOne() throws IOException {
    assertOthersAreAnswered();
    for (int i = 0; i < 990; i++) {
      open();
    }
    assertOthersAreAnswered();
    Socket last = open();
    send(last, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertThat(readToEnd(last)).startsWith("HTTP/1.1 200");
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrderAndOthersMeanwhile() throws IOException {
    Socket eager = open();
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      String body = i % 2 == 0 ? "{}" : "nonsense";
      requests.append(HEAD).append("Content-Length: ").append(body.length());
      requests.append("\r\n\r\n").append(body);
    }
    requests.append("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    send(eager, requests.toString());
    assertOthersAreAnswered();
    String answers = readToEnd(eager);
    assertThat(answers.split("HTTP/1.1 200 OK", -1)).hasSize(102);
    assertThat(answers.split("HTTP/1.1 400 Bad Request", -1)).hasSize(101);
    assertThat(answers).endsWith("ok\n");
  }
}
