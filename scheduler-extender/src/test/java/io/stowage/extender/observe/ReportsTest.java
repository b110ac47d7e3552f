package io.stowage.extender.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;
import tools.jackson.databind.json.JsonMapper;

/** The forms in which an observation is handed out. */
class ReportsTest {
  private static final String EVIL = "<script>|*x*&\"";

  private static final List<Node> NODES =
      List.of(
          Observed.node(
              "n",
              "cpu=4,memory=8Gi,pods=10,nvidia.com/gpu=4",
              Map.of("karpenter.sh/nodepool", "p", "node.kubernetes.io/instance-type", "t")));
  private static final List<Pod> PODS =
      List.of(
          Observed.pod("runs", "n", "cpu=2,memory=1Gi,nvidia.com/gpu=1").build(),
          Observed.pod("fits", "", "cpu=2,memory=1Gi,nvidia.com/gpu=1").build(),
          Observed.pod("waits", "", "cpu=3,memory=1Gi,nvidia.com/gpu=2").build());
  private static final GpuPrices PRICES = new GpuPrices("EUR", Map.of("t", 4.0), Map.of());

  private static Observation evil() {
    return Observed.observe(
        List.of(
            Observed.node(
                EVIL, "cpu=4,memory=8Gi,pods=10,nvidia.com/gpu=4", Map.of(Observed.MODEL, EVIL))),
        List.of(Observed.pod(EVIL, "", "cpu=5,nvidia.com/gpu=1").build()));
  }

  @Test
  void jsonHasThisForm() {
    String json = ObservationJson.of(Observed.observe(NODES, PODS, PRICES), Series.EMPTY);
    String expected =
        """
        {"observedAt": "2026-11-28T10:00:00Z",
         "gpuAllocationPercent": 25.0, "planGpuAllocationPercent": 50.0,
         "boundGpuAllocationPercent": 50.0, "boundRelaxation": "nodeTypes",
         "cpuAllocationPercent": 50.0, "memoryAllocationPercent": 12.5, "runningPods": 1,
         "gpus": 4.0, "allocatedGpu": 1.0, "freeGpu": 3.0, "usableGpu": 3.0,
         "strandedGpuByCause": {"noCpu": 0.0, "noMemory": 0.0, "fragmentTooSmall": 0.0,
           "wrongModel": 0.0, "largeShapeBlocked": 0.0, "cordoned": 0.0, "other": 0.0},
         "waiting": [
           {"namespace": "default", "name": "fits", "priority": 0, "gpuResource": "nvidia.com/gpu",
            "gpuCount": 1, "gpuUnits": 0, "gpuModels": [], "cpuMilli": 2000,
            "memoryBytes": 1073741824, "fits": true, "node": "n", "gpuDevices": [],
            "rulesNotLookedAt": false,
            "sentence": "needs 1 GPU, 2 cores, 1 GiB: would fit on n"},
           {"namespace": "default", "name": "waits", "priority": 0,
            "gpuResource": "nvidia.com/gpu", "gpuCount": 2, "gpuUnits": 0, "gpuModels": [],
            "cpuMilli": 3000, "memoryBytes": 1073741824, "fits": false,
            "nodesByMissing": {"cpu": 1}, "roomByAdding": {"type": "t", "pool": "p"},
            "rulesNotLookedAt": false,
            "sentence": "needs 2 GPUs, 3 cores, 1 GiB: 1 node lacks CPU (need 3 cores); room by one more node of t (pool p)"}],
         "lost": {"currency": "EUR", "unpricedGpus": 0.0,
           "stranded": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
           "byCause": {
             "noCpu": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
             "noMemory": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
             "fragmentTooSmall": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
             "wrongModel": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
             "largeShapeBlocked": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
             "cordoned": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0},
             "other": {"gpuHoursPerDay": 0.0, "moneyPerDay": 0.0}},
           "usable": {"gpuHoursPerDay": 72.0, "moneyPerDay": 72.0},
           "requestedByTeam": [{"team": "default", "requestedGpu": 1.0, "waitingGpu": 3.0,
             "gpuHoursPerDay": 24.0, "moneyPerDay": 24.0}]},
         "pools": [{"pool": "p", "nodes": 1, "gpuAllocationPercent": 25.0, "gpus": 4.0,
           "allocatedGpu": 1.0, "freeGpu": 3.0, "usableGpu": 3.0,
           "strandedGpuByCause": {"noCpu": 0.0, "noMemory": 0.0, "fragmentTooSmall": 0.0,
             "wrongModel": 0.0, "largeShapeBlocked": 0.0, "cordoned": 0.0, "other": 0.0}}],
         "nodes": [{"node": "n", "type": "t", "pool": "p", "countsAsCapacity": true,
           "cordoned": false, "gpus": 4.0, "allocatedGpu": 1.0, "freeGpu": 3.0, "usableGpu": 3.0,
           "strandedGpuByCause": {"noCpu": 0.0, "noMemory": 0.0, "fragmentTooSmall": 0.0,
             "wrongModel": 0.0, "largeShapeBlocked": 0.0, "cordoned": 0.0, "other": 0.0},
           "freeCpuMilli": 2000, "freeMemoryBytes": 7516192768}],
         "roomWanted": {
           "nodesToAdd": [{"type": "t", "pool": "p", "atMostNodes": 1, "pods": 1}],
           "unplaceablePods": 0, "nodesToEmpty": [], "nodesToEmptyCut": false},
         "notes": [
           "Allocation is what pods request; what they use is not known.",
           "Whole GPUs are counted: which device a pod holds is the device plugin's affair and not known; sharing by time-slicing or MPS shows up as more GPUs.",
           "The bound (nodeTypes) ignores taints, affinity, pods per node, ephemeral storage and other resources: it may be too high, never too low.",
           "What would make room looks at requests, not at disruption budgets or run times."]}
        """;
    JsonMapper mapper = JsonMapper.shared();
    assertThat(mapper.readTree(json).toPrettyString())
        .isEqualTo(mapper.readTree(expected).toPrettyString());
  }

  @Test
  void seriesIsInTheJsonOnceThereAreSeveralObservations() {
    Observation observation = Observed.observe(NODES, PODS);
    Series series = Series.EMPTY.with(observation).with(observation);
    assertThat(
            JsonMapper.shared()
                .readTree(ObservationJson.of(observation, series))
                .path("series")
                .path(1)
                .toString())
        .isEqualTo(
            "{\"observedAt\":\"2026-11-28T10:00:00Z\",\"gpuAllocationPercent\":25.0,"
                + "\"planGpuAllocationPercent\":50.0,\"boundGpuAllocationPercent\":50.0,"
                + "\"strandedGpu\":0.0,\"waitingPods\":2}");
    assertThat(ObservationText.of(observation, series)).contains("Over time");
    assertThat(ObservationText.of(observation, Series.EMPTY.with(observation)))
        .doesNotContain("Over time");
  }

  @Test
  void htmlIsWellFormedEscapesNamesAndNeedsNoOtherFile() throws Exception {
    Observation observation = evil();
    String html = ObservationHtml.of(observation, Series.EMPTY.with(observation).with(observation));
    assertThat(html)
        .contains("&lt;script&gt;")
        .doesNotContain("<script")
        .doesNotContain("http://", "https://", "src=", "url(", "@import")
        .contains("prefers-color-scheme: dark", "<caption>", "scope=\"col\"", "lang=\"en\"");
    String xml =
        html.replace("<!DOCTYPE html>", "")
            .replaceAll("<meta ([^>]*)>", "<meta $1/>")
            .replaceAll("&(?!amp;|lt;|gt;|quot;)", "&amp;");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }

  @Test
  void markdownEscapesNames() {
    assertThat(ObservationMarkdown.of(evil(), Series.EMPTY))
        .contains("default/\\<script\\>\\|\\*x\\*&\"")
        .doesNotContainPattern("(?<!\\\\)<script");
  }

  @Test
  void csvHasARowANodeThatAddsUp() throws IOException {
    Observation observation = evil();
    try (CSVParser parser =
        CSVFormat.DEFAULT
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .get()
            .parse(new StringReader(ObservationCsv.of(observation)))) {
      assertThat(parser.getHeaderNames())
          .startsWith("node", "type", "pool", "countsAsCapacity", "cordoned", "gpus", "freeGpu")
          .contains("stranded.noCpu", "stranded.largeShapeBlocked");
      CSVRecord row = parser.iterator().next();
      assertThat(row.get("node")).isEqualTo(EVIL);
      assertThat(row.get("freeGpu")).isEqualTo("4.0");
      assertThat(row.get("stranded.noCpu")).isEqualTo("4.0");
      assertThat(row.get("usableGpu")).isEqualTo("0.0");
    }
  }

  @Test
  void pageTellsPercentagesCausesAndWaitingPods() {
    String page = ObservationText.of(evil(), Series.EMPTY);
    assertThat(page)
        .contains("1 node, 4 GPUs, 0 running pods, 1 waiting pod of which 0 would fit")
        .contains(
            "GPU allocated now                 0.00 %  ........................................")
        .contains("no CPU left beside it")
        .contains("needs 1 GPU, 5 cores: 1 node lacks CPU (need 5 cores)")
        .contains("Note: Allocation is what pods request");
  }
}
