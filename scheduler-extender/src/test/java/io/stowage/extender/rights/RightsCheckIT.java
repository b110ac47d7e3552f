package io.stowage.extender.rights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The check, against an API server that answers as the test wants. */
class RightsCheckIT {
  private static final List<Right> RIGHTS =
      List.of(
          Right.everywhere("", "pods/binding", "binding pods", "create"),
          Right.in("kube-system", "some-role", "", "configmaps", "an option", "get", "list"));

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> denied = new CopyOnWriteArrayList<>();
  private final AtomicInteger pauses = new AtomicInteger();
  private int status = 201;
  private HttpServer server;
  private KubernetesClient client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", this::answer);
    server.start();
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
            .withRequestRetryBackoffLimit(0)
            .build();
    client = new KubernetesClientBuilder().withConfig(config).build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    JsonNode resource =
        JsonMapper.shared()
            .readTree(exchange.getRequestBody())
            .path("spec")
            .path("resourceAttributes");
    String question =
        String.join(
            " ",
            resource.path("verb").asString(""),
            resource.path("resource").asString("")
                + "/"
                + resource.path("subresource").asString(""),
            resource.path("namespace").asString("everywhere"));
    asked.add(question);
    byte[] body =
        ("{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\",\"spec\":{},"
                + "\"status\":{\"allowed\":%s}}")
            .formatted(!denied.contains(question))
            .getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void check(int stopAfterPauses) throws MissingRightException, InterruptedException {
    new RightsCheck(client, millis -> pauses.incrementAndGet() >= stopAfterPauses).run(RIGHTS);
  }

  @Test
  void everyVerbIsAskedFor() throws MissingRightException, InterruptedException {
    check(1);
    assertThat(asked)
        .containsExactly(
            "create pods/binding everywhere",
            "get configmaps/ kube-system",
            "list configmaps/ kube-system");
  }

  @Test
  void whatIsMissingIsNamedWithWhatItIsForAndWhereTheRuleIs() {
    denied.add("list configmaps/ kube-system");
    assertThatThrownBy(() -> check(1))
        .isInstanceOf(MissingRightException.class)
        .hasMessage(
            "the account may not list configmaps (API group \"\", namespace kube-system), needed for an"
                + " option; Role some-role of namespace kube-system in deploy/local/rbac.yaml has"
                + " the rule");
  }

  @Test
  void apiServerThatDoesNotAnswerIsAskedUntilThereIsNoNeed()
      throws MissingRightException, InterruptedException {
    server.stop(0);
    check(3);
    assertThat(pauses).hasValue(3);
    assertThat(asked).isEmpty();
  }

  @Test
  void apiServerThatFailsIsAskedAgain() throws MissingRightException, InterruptedException {
    status = 503;
    check(3);
    assertThat(pauses).hasValue(3);
    status = 201;
    pauses.set(0);
    asked.clear();
    check(1);
    assertThat(asked).hasSize(3);
  }

  @Test
  void accountThatIsNotAcceptedIsSaidSo() {
    status = 401;
    assertThatThrownBy(() -> check(1))
        .isInstanceOf(MissingRightException.class)
        .hasMessageContaining("does not accept the account, it answers 401");
  }
}
