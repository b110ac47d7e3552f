package io.stowage.extender.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.stowage.extender.page.PageAccess.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Who may look, as an API server answers that knows two tokens and lets one account look. */
class TokenAccessIT {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final List<JsonNode> asked = new CopyOnWriteArrayList<>();
  private final AtomicLong passedNanos = new AtomicLong();
  private HttpServer apiServer;
  private KubernetesClient client;
  private TokenAccess access;

  @BeforeEach
  void start() throws IOException {
    apiServer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    apiServer.createContext("/apis/authentication.k8s.io/v1/tokenreviews", this::reviewToken);
    apiServer.createContext(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews", this::reviewAccess);
    apiServer.start();
    client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(Config.empty())
                    .withMasterUrl("http://127.0.0.1:" + apiServer.getAddress().getPort())
                    .withRequestRetryBackoffLimit(0)
                    .build())
            .build();
    access = new TokenAccess(client, passedNanos::get);
  }

  @AfterEach
  void stop() {
    client.close();
    apiServer.stop(0);
  }

  private void reviewToken(HttpExchange exchange) throws IOException {
    JsonNode review = read(exchange);
    String user =
        switch (review.at("/spec/token").asString()) {
          case "of-alice" -> "alice";
          case "of-bob" -> "bob";
          default -> "";
        };
    String status =
        user.isEmpty()
            ? "{\"authenticated\": false}"
            : "{\"authenticated\": true, \"user\": {\"username\": \"%s\", \"uid\": \"u1\", \"groups\": [\"team\"], \"extra\": {\"k\": [\"v\"]}}}"
                .formatted(user);
    answer(exchange, "authentication.k8s.io/v1", "TokenReview", status);
  }

  private void reviewAccess(HttpExchange exchange) throws IOException {
    JsonNode review = read(exchange);
    boolean allowed = review.at("/spec/user").asString().equals("alice");
    answer(
        exchange,
        "authorization.k8s.io/v1",
        "SubjectAccessReview",
        "{\"allowed\": " + allowed + "}");
  }

  private JsonNode read(HttpExchange exchange) throws IOException {
    JsonNode review = MAPPER.readTree(exchange.getRequestBody().readAllBytes());
    asked.add(review);
    return review;
  }

  private static void answer(HttpExchange exchange, String version, String kind, String status)
      throws IOException {
    byte[] body =
        "{\"apiVersion\": \"%s\", \"kind\": \"%s\", \"status\": %s}"
            .formatted(version, kind, status)
            .getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(201, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Test
  void accountThatMayGetThePageLooks() {
    assertThat(access.decide("of-alice")).isEqualTo(Verdict.ALLOWED);
    JsonNode question = asked.get(1).get("spec");
    assertThat(question.at("/nonResourceAttributes/path").asString()).isEqualTo("/page");
    assertThat(question.at("/nonResourceAttributes/verb").asString()).isEqualTo("get");
    assertThat(question.at("/groups/0").asString()).isEqualTo("team");
    assertThat(question.at("/extra/k/0").asString()).isEqualTo("v");
    assertThat(question.get("uid").asString()).isEqualTo("u1");
  }

  @Test
  void othersDoNot() {
    assertThat(access.decide("of-bob")).isEqualTo(Verdict.FORBIDDEN);
    assertThat(access.decide("forged")).isEqualTo(Verdict.UNKNOWN);
    int before = asked.size();
    assertThat(access.decide(null)).isEqualTo(Verdict.UNKNOWN);
    assertThat(access.decide("")).isEqualTo(Verdict.UNKNOWN);
    assertThat(access.decide("x".repeat(8_193))).isEqualTo(Verdict.UNKNOWN);
    assertThat(asked).as("what cannot be a token is not asked about").hasSize(before);
  }

  @Test
  void answerStandsForAMinuteAndARefusalForTenSeconds() {
    access.decide("of-alice");
    access.decide("of-bob");
    assertThat(asked).hasSize(4);
    passedNanos.addAndGet(Duration.ofSeconds(9).toNanos());
    access.decide("of-alice");
    access.decide("of-bob");
    assertThat(asked).hasSize(4);
    passedNanos.addAndGet(Duration.ofSeconds(2).toNanos());
    access.decide("of-alice");
    access.decide("of-bob");
    assertThat(asked).hasSize(6);
    passedNanos.addAndGet(Duration.ofSeconds(50).toNanos());
    access.decide("of-alice");
    assertThat(asked).hasSize(8);
  }

  @Test
  void apiServerThatDoesNotAnswerMeansNotNow() {
    apiServer.stop(0);
    assertThat(access.decide("of-alice")).isEqualTo(Verdict.UNDECIDED);
  }
}
