package io.stowage.extender.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stowage.extender.explain.ClusterTop;
import io.stowage.extender.explain.NodeExplanation;
import io.stowage.extender.explain.PodExplanation;
import io.stowage.extender.http.Address;
import io.stowage.extender.kube.NodeLabels;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.observe.RoomReport;
import io.stowage.extender.observe.RoomWanted;
import io.stowage.extender.observe.WaitingPod.NodeTypeName;
import io.stowage.extender.page.PageAccess.Verdict;
import io.stowage.extender.state.WaitingFigures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The page over HTTP, without a browser. */
class PageIT {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final PageCluster cluster = new PageCluster();
  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicReference<Verdict> verdict = new AtomicReference<>(Verdict.ALLOWED);
  private final AtomicReference<@Nullable String> seenToken = new AtomicReference<>();
  private final AtomicReference<@Nullable RoomReport> room = new AtomicReference<>();
  private PageServer page;

  @BeforeEach
  void start() throws IOException {
    cluster.tell(state -> state.putNode(PageCluster.node("n1", 2)));
    cluster.tell(state -> state.putNode(PageCluster.node("n2", 2)));
    page = serve(cluster.pictures(() -> Optional.ofNullable(room.get())));
  }

  private PageServer serve(PictureSource source) throws IOException {
    return PageServer.start(
        new PageSettings(new Address("127.0.0.1", 0), Duration.ofMillis(50), Duration.ofMillis(20)),
        source,
        token -> {
          seenToken.set(token);
          return verdict.get();
        },
        null,
        cluster.metrics());
  }

  @AfterEach
  void stop() {
    page.close();
    cluster.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + page.port() + path));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  private static JsonNode next(BufferedReader events) throws IOException {
    String line = events.readLine();
    while (line != null && !line.startsWith("data: ")) {
      line = events.readLine();
    }
    assertThat(line).as("the stream goes on").isNotNull();
    return MAPPER.readTree(line.substring("data: ".length()));
  }

  @ParameterizedTest
  @CsvSource({
    "/,text/html; charset=utf-8,<title>Stowage</title>",
    "/app.js,text/javascript; charset=utf-8,import",
    "/model.js,text/javascript; charset=utf-8,export class Model",
    "/vendor/uPlot.js,text/javascript; charset=utf-8,uPlot",
    "/style.css,text/css; charset=utf-8,--accent",
    "/favicon.svg,image/svg+xml,<svg"
  })
  void filesComeWithAPolicyThatAllowsNothingFromElsewhere(
      String path, String contentType, String content) throws IOException, InterruptedException {
    HttpResponse<String> response = get(path);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue(contentType);
    assertThat(response.headers().firstValue("Content-Security-Policy"))
        .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'self';"));
    assertThat(response.body()).contains(content);
  }

  @Test
  void allFilesTogetherAreBelow500Kilobytes() throws IOException {
    assertThat(PageAssets.load().bytes()).isBetween(50_000L, 500_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nothing", "/../rbac.yaml", "/vendor/", "/index.html", "/package-info"})
  void nothingElseIsServed(String path) throws IOException, InterruptedException {
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
  void onlyReadingIsAllowed(String method) throws IOException, InterruptedException {
    for (String path : new String[] {"/", "/events", "/nothing"}) {
      HttpResponse<String> response =
          client.send(
              request(path).method(method, HttpRequest.BodyPublishers.noBody()).build(),
              BodyHandlers.ofString());
      assertThat(response.statusCode()).as(path).isEqualTo(405);
      assertThat(response.headers().firstValue("Allow")).hasValue("GET, HEAD");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "localhost,200",
    "localhost:8090,200",
    "127.0.0.1:8090,200",
    "[::1]:8090,200",
    "evil.example,403",
    "localhost.evil.example:8090,403",
    "127.0.0.1.evil.example,403",
    "10.0.0.1,403"
  })
  void foreignNamesOfLoopbackAreRefused(String host, int status) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), page.port())) {
      socket
          .getOutputStream()
          .write(
              ("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 " + status);
    }
  }

  @ParameterizedTest
  @CsvSource({"UNKNOWN,401", "FORBIDDEN,403", "UNDECIDED,503"})
  void whoMayNotLookIsToldNothing(Verdict decided, int status)
      throws IOException, InterruptedException {
    verdict.set(decided);
    HttpResponse<String> response =
        client.send(
            request("/events").header("Authorization", "Bearer secret").build(),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).doesNotContain("n1").doesNotContain("secret");
    assertThat(seenToken.get()).isEqualTo("secret");
  }

  @Test
  void firstComesTheWholePictureAndThenWhatChanged() throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        client.send(request("/events").build(), BodyHandlers.ofInputStream());
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("text/event-stream; charset=utf-8");
    try (BufferedReader events =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      JsonNode whole = next(events);
      assertThat(whole.get("whole").asBoolean()).isTrue();
      assertThat(whole.get("nodes")).hasSize(2);
      cluster.bind(PageCluster.share("half", 1, 8), "n2", 1);
      JsonNode node = null;
      while (node == null) {
        JsonNode change = next(events);
        assertThat(change.get("whole").asBoolean()).isFalse();
        assertThat(change.get("nodes").size() + change.path("samples").size())
            .as("nothing is sent for nothing")
            .isPositive();
        for (JsonNode changed : change.get("nodes")) {
          node = changed.get("name").asString().equals("n2") ? changed : node;
        }
      }
      assertThat(node.get("gpus").get(1).get("freeMilli").asInt()).isEqualTo(500);
      assertThat(node.get("pods").get(0).get("name").asString()).isEqualTo("half");
    }
  }

  @Test
  void podsAndNodesAreExplainedToWhoMayLook() throws IOException, InterruptedException {
    cluster.bind(PageCluster.share("a", 1, 12), "n1", 0);
    cluster.bind(PageCluster.share("b", 1, 12), "n1", 1);
    cluster.bind(PageCluster.whole("c", 1, 2), "n2", 0, 1);
    cluster.tell(state -> state.putPod(ObservedPod.pending(PageCluster.share("half", 1, 8))));
    JsonNode pod = MAPPER.readTree(get("/api/explain/pod/team/half").body());
    assertThat(pod.path("standing").asString()).isEqualTo("waiting");
    assertThat(pod.path("sentence").asString())
        .isEqualTo(
            "needs 1 GPU with 8 of 16 free: 1 node has too little GPU left; 1 has enough in total"
                + " but no single GPU");
    assertThat(pod.path("nodes").asInt()).isEqualTo(2);
    assertThat(pod.path("lacking").path(0).path("named").path(0).path("node").asString())
        .isEqualTo("n2");
    JsonNode bound = MAPPER.readTree(get("/api/explain/pod/team/c").body());
    assertThat(bound.path("sentence").asString())
        .isEqualTo("it is on n2, GPU 0, 1; no other node would have room");
    JsonNode node = MAPPER.readTree(get("/api/explain/node/n1").body());
    assertThat(node.path("gpus").path(0).path("free").asDouble()).isEqualTo(0.25);
    assertThat(node.path("pods").size()).isEqualTo(2);
    assertThat(node.path("waitingShapes").path(0).path("text").asString())
        .isEqualTo("the node has enough in total but no single GPU");
    JsonNode top = MAPPER.readTree(get("/api/top").body());
    assertThat(top.path("gpus").asDouble()).isEqualTo(4);
    assertThat(top.path("allocatedGpu").asDouble()).isEqualTo(3.5);
    assertThat(top.path("nodes").path(0).path("node").asString()).isEqualTo("n1");

    assertThat(get("/api/explain/pod/team/nobody").statusCode()).isEqualTo(404);
    assertThat(get("/api/explain/pod/team/nobody").body()).contains("no pod team/nobody");
    assertThat(get("/api/explain/node/nowhere").statusCode()).isEqualTo(404);
    verdict.set(Verdict.FORBIDDEN);
    for (String path : List.of("/api/explain/pod/team/half", "/api/explain/node/n1", "/api/top")) {
      HttpResponse<String> refused = get(path);
      assertThat(refused.statusCode()).as(path).isEqualTo(403);
      assertThat(refused.body()).doesNotContain("n1");
    }
  }

  @Test
  void roomIsToldByTheKeysOfObserveOnceItIsKnown() throws IOException, InterruptedException {
    HttpResponse<String> unknown = get("/api/room-wanted");
    assertThat(unknown.statusCode()).isEqualTo(503);
    assertThat(unknown.headers().firstValue("Retry-After")).hasValue("15");
    assertThat(unknown.body()).startsWith("not known here: ");

    NodeTypeName type = new NodeTypeName("g2", "train");
    room.set(
        new RoomReport(
            Instant.parse("2026-11-28T10:00:00Z"),
            new RoomWanted(
                List.of(new RoomWanted.NodesToAdd(type, 2, 3)),
                1,
                List.of(new RoomWanted.NodeToEmpty("n1", type, 4)),
                false)));
    HttpResponse<String> known = get("/api/room-wanted");
    assertThat(known.statusCode()).isEqualTo(200);
    assertThat(known.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(MAPPER.readTree(known.body()))
        .isEqualTo(
            MAPPER.readTree(
                """
                {"observedAt": "2026-11-28T10:00:00Z",
                 "roomWanted": {
                   "nodesToAdd": [{"type": "g2", "pool": "train", "atMostNodes": 2, "pods": 3}],
                   "unplaceablePods": 1,
                   "nodesToEmpty": [
                     {"node": "n1", "type": "g2", "pool": "train", "podsToMove": 4}],
                   "nodesToEmptyCut": false}}
                """));

    verdict.set(Verdict.FORBIDDEN);
    HttpResponse<String> refused = get("/api/room-wanted");
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).doesNotContain("g2");
  }

  @Test
  void waitingPodThatFitsHasTheBestNodesWithTheirScoresByTerm()
      throws IOException, InterruptedException {
    cluster.bind(PageCluster.share("a", 1, 4), "n2", 0);
    cluster.tell(state -> state.putPod(ObservedPod.pending(PageCluster.share("half", 1, 8))));
    JsonNode pod = MAPPER.readTree(get("/api/explain/pod/team/half").body());
    assertThat(pod.path("fittingNodes").asInt()).isEqualTo(2);
    assertThat(pod.path("best").size()).isEqualTo(2);
    for (JsonNode best : pod.path("best")) {
      double sum = 0;
      for (JsonNode term : best.path("terms")) {
        sum += term.asDouble();
      }
      assertThat(sum).isCloseTo(best.path("score").asDouble(), within(1e-6));
    }
    assertThat(pod.path("best").path(0).path("score").asDouble())
        .isGreaterThanOrEqualTo(pod.path("best").path(1).path("score").asDouble());
  }

  /** A source that has a great change each time, numbered. */
  private static final class Flood implements PictureSource {
    private int number;

    @Override
    public PictureChange changes() {
      number++;
      return new PictureChange(
          List.of(
              new NodePicture(
                  "n" + "x".repeat(200_000),
                  NodeLabels.NONE,
                  NodePicture.Standing.READY,
                  number,
                  0,
                  0,
                  0,
                  false,
                  List.of(),
                  List.of(),
                  List.of())),
          List.of(),
          null);
    }

    @Override
    public Sample sample() {
      return new Sample(
          0, 0, 0, 0, 0, Map.of(), 0, "", 0, WaitingFigures.NONE, 0, Double.NaN, Double.NaN);
    }

    @Override
    public Optional<PodExplanation> explainPod(String namespace, String name) {
      return Optional.empty();
    }

    @Override
    public Optional<NodeExplanation> explainNode(String name) {
      return Optional.empty();
    }

    @Override
    public ClusterTop top() {
      return new ClusterTop(0, 0, 0, List.of());
    }

    @Override
    public Optional<RoomReport> roomWanted() {
      return Optional.empty();
    }
  }

  @Test
  void slowReaderMissesChangesAndThenGetsTheWholePicture()
      throws IOException, InterruptedException {
    page.close();
    page = serve(new Flood());
    HttpResponse<InputStream> fast =
        client.send(request("/events").build(), BodyHandlers.ofInputStream());
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), page.port());
        BufferedReader fastEvents =
            new BufferedReader(new InputStreamReader(fast.body(), StandardCharsets.UTF_8))) {
      slow.getOutputStream()
          .write(
              "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      BufferedReader slowEvents =
          new BufferedReader(new InputStreamReader(slow.getInputStream(), StandardCharsets.UTF_8));
      int before = number(next(slowEvents));
      // 200 changes of 200 kB each are far more than what is kept for one that does not read.
      while (number(next(fastEvents)) < before + 200) {}
      JsonNode message = next(slowEvents);
      while (!message.get("whole").asBoolean()) {
        assertThat(number(message))
            .as("no change is left out but to a whole picture")
            .isEqualTo(++before);
        message = next(slowEvents);
      }
      assertThat(number(message)).isGreaterThan(before + 1);
    }
  }

  private static int number(JsonNode message) {
    return message.get("nodes").get(0).get("cpuMilli").asInt();
  }
}
