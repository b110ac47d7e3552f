package io.stowage.extender.http;

import static io.stowage.extender.http.Bodies.namesBody;
import static io.stowage.extender.http.Bodies.podJson;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.extender.service.ExtenderService;
import java.io.IOException;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies made to break or to flood: the answer names the field, and is short. */
class HostileRequestsIT {
  private static final int MAX_ANSWER_CHARS = 2000;
  private static final String HUGE = "x".repeat(2_000_000);

  /** As long as the decoder reads keys; a longer one is no JSON to it. */
  private static final String LONG_KEY = "x".repeat(40_000);

  private ExtenderService service;
  private ExtenderClient client;

  @BeforeEach
  void start() throws IOException {
    service = Services.start(HttpSettings.DEFAULT);
    client = new ExtenderClient(service.port());
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private String answer(String verb, String body) {
    HttpResponse<String> response = client.post(verb, body);
    assertThat(response.statusCode()).isIn(200, 400);
    assertThat(response.body()).hasSizeLessThan(MAX_ANSWER_CHARS);
    assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
    return response.body();
  }

  @Test
  void hugeValuesAreNotEchoed() {
    assertThat(answer("filter", namesBody(podJson("p", "\"cpu\":\"" + HUGE + "\""), "n1")))
        .contains("resources.requests[cpu]: expected a quantity");
    assertThat(answer("filter", namesBody(podJson("p", "\"" + LONG_KEY + "\":\"-1\""), "n1")))
        .contains("Pod.spec.containers[0].resources.requests");
    assertThat(answer("bind", Bodies.bindBody(HUGE, "n1")))
        .contains("PodName: expected a name of at most 253 printable characters");
    assertThat(answer("bind", Bodies.bindBody("p", HUGE))).contains("Node: expected a name");
    assertThat(
            answer(
                "preempt",
                "{\"Pod\":"
                    + podJson("p", "\"cpu\":\"1\"")
                    + ",\"NodeNameToMetaVictims\":{\""
                    + LONG_KEY
                    + "\":5}}"))
        .startsWith("NodeNameToMetaVictims: expected a name of at most 253 printable characters");
    assertThat(answer("filter", HUGE)).startsWith("body: expected JSON");
  }

  @Test
  void namesThatWouldForgeALineOfTheLogAreRefused() {
    assertThat(answer("bind", Bodies.bindBody("p\\n2026-01-01 [INFO] all is well", "n1")))
        .contains("PodName: expected a name of at most 253 printable characters");
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 1_000, 100_000})
  void deepNestingIsRefusedOrSkipped(int depth) {
    answer("filter", "[".repeat(depth));
    answer("filter", "{\"x\":" + "[".repeat(depth) + "]".repeat(depth) + "}");
    answer("filter", "{\"Pod\":" + "{\"a\":".repeat(depth) + "1" + "}".repeat(depth) + "}");
  }

  @Test
  void numbersOfManyDigitsAreRefusedOrSkipped() {
    answer("filter", "{\"Pod\":{\"spec\":{\"priority\":" + "9".repeat(1_000_000) + "}}}");
    answer("preempt", "{\"x\":1e999999999}");
  }
}
