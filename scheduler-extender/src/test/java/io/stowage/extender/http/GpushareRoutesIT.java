package io.stowage.extender.http;

import static io.stowage.extender.http.Bodies.namesBody;
import static io.stowage.extender.http.Bodies.podJson;
import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.NodeGpus;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.service.ExtenderService;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The routes of gpushare's scheduler extender, in its own form. */
class GpushareRoutesIT {
  private static final String INSPECT = "/gpushare-scheduler/inspect";

  private @Nullable ExtenderService service;

  @AfterEach
  void stop() {
    if (service != null) {
      service.close();
    }
  }

  private ExtenderService start(boolean onExtenderPort, @Nullable Address ownAddress)
      throws IOException {
    ExtenderService started =
        Services.start(
            new HttpSettings(HttpLimits.DEFAULT, null, onExtenderPort, ownAddress, null));
    service = started;
    started
        .loop()
        .run(
            state -> {
              state.putNode(
                  Node.ready(
                      "cards",
                      Resources.of(8000, 64L << 30),
                      110,
                      NodeGpus.shared("aliyun.com/gpu-mem", "T4", 2, 15)));
              state.putPod(share("first", 7, 1));
              state.putPod(share("second", 8, 1));
            });
    return started;
  }

  private static ObservedPod share(String name, long units, int device) {
    PodShape shape =
        PodShape.of(Resources.of(1000, 1), GpuRequest.share("aliyun.com/gpu-mem", units));
    return ObservedPod.bound(new Pod(name, "team", name, shape, 0), "cards", List.of(device));
  }

  @Test
  void inspectHasTheFormOfTheOriginal() throws IOException {
    ExtenderClient client = new ExtenderClient(start(true, null).port());
    String cards =
        "{\"name\":\"cards\",\"totalGPU\":30,\"usedGPU\":15,\"devs\":["
            + "{\"id\":0,\"totalGPU\":15,\"usedGPU\":0,\"pods\":[]},"
            + "{\"id\":1,\"totalGPU\":15,\"usedGPU\":15,\"pods\":["
            + "{\"name\":\"first\",\"namespace\":\"team\",\"usedGPU\":7},"
            + "{\"name\":\"second\",\"namespace\":\"team\",\"usedGPU\":8}]}]}";
    HttpResponse<String> all = client.get(INSPECT);
    assertThat(all.statusCode()).isEqualTo(200);
    assertThat(all.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(all.body()).isEqualTo("{\"nodes\":[" + cards + "]}");
    assertThat(client.get(INSPECT + "/cards").body()).isEqualTo("{\"nodes\":[" + cards + "]}");
    assertThat(client.get(INSPECT + "/n1").body())
        .isEqualTo("{\"nodes\":[{\"name\":\"n1\",\"totalGPU\":0,\"usedGPU\":0,\"devs\":[]}]}");
  }

  @Test
  void nodeThatIsNotKnownIs404WithAnError() throws IOException {
    HttpResponse<String> unknown =
        new ExtenderClient(start(true, null).port()).get(INSPECT + "/nowhere");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body())
        .isEqualTo("{\"nodes\":[],\"error\":\"node \\\"nowhere\\\" not found\"}");
  }

  @Test
  void inspectIsOffTheExtendersPortUnlessAsked() throws IOException {
    ExtenderClient client = new ExtenderClient(start(false, null).port());
    assertThat(client.get(INSPECT).statusCode()).isEqualTo(404);
    assertThat(client.get(INSPECT + "/cards").statusCode()).isEqualTo(404);
  }

  @Test
  void inspectOnAPortOfItsOwnServesNothingElse() throws IOException {
    ExtenderService started = start(false, new Address("127.0.0.1", 0));
    ExtenderClient own = new ExtenderClient(started.ports().get(1));
    assertThat(own.get(INSPECT).body()).contains("\"cards\"");
    assertThat(own.get("/metrics").statusCode()).isEqualTo(404);
    assertThat(own.post("filter", "{}").statusCode()).isEqualTo(404);
    assertThat(new ExtenderClient(started.port()).get(INSPECT).statusCode()).isEqualTo(404);
  }

  @Test
  void filterAndBindAnswerBelowTheOriginalsPathToo() throws IOException {
    ExtenderClient client = new ExtenderClient(start(false, null).port());
    String pod = podJson("p", "\"cpu\":\"1\",\"aliyun.com/gpu-mem\":\"10\"");
    assertThat(client.postTo("/gpushare-scheduler/filter", namesBody(pod, "cards", "n1")).body())
        .contains("\"NodeNames\":[\"cards\"]");
    assertThat(client.postTo("/gpushare-scheduler/bind", Bodies.bindBody("p", "cards")).body())
        .isEqualTo("{\"Error\":\"\"}");
    assertThat(client.get("/version").statusCode()).isEqualTo(200);
  }
}
