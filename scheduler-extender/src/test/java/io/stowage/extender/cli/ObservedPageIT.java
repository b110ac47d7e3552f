package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.audit.ClusterObjects;
import io.stowage.extender.observe.ClusterObserver;
import io.stowage.extender.observe.GpuPrices;
import io.stowage.extender.observe.ObservedCluster;
import io.stowage.extender.page.PageSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The page and metrics that {@code observe --watch} serves, over HTTP. */
class ObservedPageIT {
  private static final String NODE = "cpu=8,memory=16Gi,pods=10,nvidia.com/gpu=2";

  private final HttpClient client = HttpClient.newHttpClient();
  private ObservedPage page;

  @BeforeEach
  void start() throws IOException {
    page = ObservedPage.serve(PageSettings.loopback(0));
  }

  @AfterEach
  void stop() {
    page.close();
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create(page.url() + path)).build();
  }

  private String get(String path) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request(path), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  private void show(List<Node> nodes, List<Pod> pods) {
    ObservedCluster cluster = ObservedCluster.read(nodes, pods, null);
    page.show(
        nodes,
        pods,
        ClusterObserver.observe(
            cluster,
            GpuPrices.NONE,
            ClusterObserver.Settings.of(cluster),
            Instant.parse("2026-11-28T10:00:00Z")));
  }

  private static Pod pod(String name, String node, int gpus) {
    return ClusterObjects.pod(name, node, "cpu=1,nvidia.com/gpu=" + gpus).build();
  }

  private JsonNode picture() throws IOException, InterruptedException {
    HttpResponse<InputStream> events = client.send(request("events"), BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(events.body(), StandardCharsets.UTF_8))) {
      String line = Objects.requireNonNull(lines.readLine());
      return JsonMapper.shared().readTree(line.substring("data: ".length()));
    }
  }

  @Test
  void pageAndMetricsAreThoseOfTheLastObservation() throws IOException, InterruptedException {
    List<Node> two = List.of(ClusterObjects.node("a", NODE), ClusterObjects.node("b", NODE));
    show(two, List.of(pod("on-a", "a", 1), pod("pair", "", 2), pod("on-b", "b", 1)));
    JsonNode first = picture();
    assertThat(first.path("nodes").size()).isEqualTo(2);
    assertThat(first.path("pending").path("count").asInt()).isEqualTo(1);
    assertThat(first.path("pending").path("first").path(0).path("reason").asString())
        .contains("2 nodes have too little GPU left");
    assertThat(get("metrics"))
        .contains("stowage_gpu_capacity_gpus 4.0", "stowage_gpu_requested_gpus 2.0")
        .as("the pair fits nowhere beside them; placed anew, all three fit")
        .contains("stowage_gpu_plan_gpus 2.0", "stowage_gpu_bound_gpus 4.0")
        .containsPattern("stowage_room_wanted_nodes\\{[^}]*} 1\\.0")
        .contains("stowage_waiting_pods{gpus=\"several\"} 1.0");
    JsonNode room = JsonMapper.shared().readTree(get("api/room-wanted"));
    assertThat(room.path("roomWanted").path("nodesToAdd").path(0).path("pods").asInt())
        .isEqualTo(1);

    show(two, List.of(pod("pair", "", 2), pod("on-b", "b", 1)));
    JsonNode second = picture();
    for (JsonNode node : second.path("nodes")) {
      boolean planned = node.path("name").asString().equals("a");
      assertThat(node.path("slots").size()).as("%s", node).isEqualTo(planned ? 1 : 0);
      assertThat(node.path("pods").size()).as("%s", node).isEqualTo(planned ? 0 : 1);
    }
    assertThat(get("metrics")).contains("stowage_gpu_plan_gpus 3.0");

    show(two.subList(1, 2), List.of(pod("on-b", "b", 1)));
    JsonNode third = picture();
    assertThat(third.path("nodes").size()).isEqualTo(1);
    assertThat(third.path("pending").path("count").asInt()).isZero();
    assertThat(get("metrics"))
        .contains("stowage_gpu_capacity_gpus 2.0", "stowage_pending_pods 0.0");
  }

  @Test
  void beforeTheFirstObservationNothingIsClaimed() throws IOException, InterruptedException {
    assertThat(get("metrics"))
        .contains("stowage_synced 0.0")
        .doesNotContain("stowage_gpu_bound_gpus", "stowage_room_wanted_nodes");
    assertThat(client.send(request("api/room-wanted"), BodyHandlers.ofString()).statusCode())
        .isEqualTo(503);
  }
}
