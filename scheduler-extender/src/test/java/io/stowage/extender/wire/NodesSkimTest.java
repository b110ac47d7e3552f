package io.stowage.extender.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.KubernetesJson;
import io.stowage.extender.names.NodeNames;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/** What is skimmed is what the parser would make of it, whatever the bytes. */
class NodesSkimTest {
  private static final String POD =
      "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":{\"a\":\"ü\"}},\"spec\":"
          + "{\"priority\":-1,\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":"
          + "{\"cpu\":\"1\"}}}]}}";
  private static final String NAMES =
      "{\"Pod\":" + POD + ",\"Nodes\":null,\"NodeNames\":[\"n1\",\"node-000000002\",\"ghost\"]}";
  private static final String WHOLE =
      "{\"Pod\":"
          + POD
          + ",\"Nodes\":{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"n1\",\"labels\":"
          + "{\"name\":\"é\\u00e9\\n\"},\"x\":[1.5e-3,true,null,{}]},\"spec\":{}}, {\"spec\":"
          + "{\"n\":0},\"metadata\":{\"uid\":\"x\",\"name\":\"n2\"}}]},\"NodeNames\":null}";

  private final JsonMapper mapper =
      KubernetesJson.mapper(
          JsonFactory.builder().disable(TokenStreamFactory.Feature.CHARSET_DETECTION).build());
  private final RequestDecoder decoder = new RequestDecoder();
  private final NodeNames known = new NodeNames();

  NodesSkimTest() {
    known.put("n1", 3);
    known.put("node-000000002", 70);
  }

  private @Nullable NodesRequest skimmed(byte[] json) {
    return new NodesSkim(mapper, Body.of(json), known).request();
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static String described(NodesRequest request) throws InvalidObjectException {
    StringBuilder text = new StringBuilder(request.pod().decoded().toString());
    text.append(request.wholeNodes()).append(request.nodes().names());
    text.append(request.nodes().unknown()).append(request.nodes().hasDuplicates());
    for (String name : request.nodes().names()) {
      text.append(request.json(name));
    }
    return text.toString();
  }

  private interface Reading {
    NodesRequest request() throws MalformedRequestException, InvalidObjectException;
  }

  /** Returns what is read, or why not: a pod that is none is found out when it is decoded. */
  private static String outcome(Reading reading) {
    try {
      return described(reading.request());
    } catch (MalformedRequestException | InvalidObjectException e) {
      return e.toString();
    }
  }

  @Test
  void requestsOfKubeSchedulersFormAreSkimmed() {
    assertThat(skimmed(bytes(NAMES))).isNotNull();
    assertThat(skimmed(bytes(WHOLE))).isNotNull();
    assertThat(skimmed(bytes(NAMES.replace(",\"Nodes\":null", "")))).isNotNull();
    assertThat(skimmed(bytes(NAMES + "\n"))).isNotNull();
  }

  @Test
  void whatIsWrittenOtherwiseIsLeftToTheParser() {
    for (String json :
        List.of(
            NAMES.replace("n1", "\\u006e1"),
            NAMES.replace("NodeNames", "nodeNames"),
            NAMES.replace("\"Pod\"", "\"Pod\":" + POD + ",\"Pod\""),
            NAMES.replace("null", "{\"items\":[]}"),
            NAMES.replace("ghost", "gh\u00f6st"),
            WHOLE.replace("\"name\":\"n2\"", "\"nam\\u0065\":\"n2\""),
            WHOLE.replace("\"name\":\"n2\"", "\"name\":\"n3\",\"Name\":\"n2\""),
            WHOLE.replace("\"items\"", "\"Items\""))) {
      assertThat(skimmed(bytes(json))).as(json).isNull();
    }
  }

  static List<Long> seeds() {
    return List.of(1L, 2L, 3L, -239618449493707069L, new Random().nextLong());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void mutilatedBodiesAreSkimmedAsTheParserReadsThemOrLeftToIt(long seed) {
    Random random = new Random(seed);
    int same = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] json = bytes(random.nextBoolean() ? NAMES : WHOLE);
      for (int i = random.nextInt(3); i >= 0; i--) {
        json[random.nextInt(json.length)] =
            random.nextInt(3) > 0
                ? (byte) "{}[]\",:0n\\ e-.x".charAt(random.nextInt(15))
                : (byte) random.nextInt(256);
      }
      NodesRequest skimmed = skimmed(json);
      if (skimmed != null) {
        String text = new String(json, StandardCharsets.UTF_8);
        assertThat(outcome(() -> skimmed))
            .as("seed %d, round %d: %s", seed, round, text)
            .isEqualTo(outcome(() -> decoder.parsed(Body.of(json), known)));
        same++;
      }
    }
    assertThat(same).as("bodies that both read").isGreaterThan(1_000);
  }

  @Test
  void deepNestingAndLongNumbersAreLeftToTheParser() {
    assertThat(JsonSkim.value(Body.of(bytes("[".repeat(64) + "]".repeat(64))).bytes(), 0, 128))
        .isEqualTo(128);
    assertThat(JsonSkim.value(Body.of(bytes("[".repeat(65) + "]".repeat(65))).bytes(), 0, 130))
        .isEqualTo(JsonSkim.GIVEN_UP);
    assertThat(JsonSkim.value(Body.of(bytes("9".repeat(101))).bytes(), 0, 101))
        .isEqualTo(JsonSkim.GIVEN_UP);
  }
}
