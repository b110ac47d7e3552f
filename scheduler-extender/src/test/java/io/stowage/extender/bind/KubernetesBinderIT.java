package io.stowage.extender.bind;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.stowage.core.cluster.GpuRequest;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.cluster.PodShape;
import io.stowage.core.cluster.Resources;
import io.stowage.extender.bind.FaultyApiServer.Fault;
import io.stowage.extender.device.GpushareAnnotations;
import io.stowage.extender.leader.Leadership;
import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bindings under the faults of an API server. */
class KubernetesBinderIT {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(800);

  private FaultyApiServer apiServer;

  @BeforeEach
  void start() throws IOException {
    apiServer = new FaultyApiServer("u1");
  }

  @AfterEach
  void stop() {
    apiServer.close();
  }

  private static BindOutcome bind(String url, BindDecision.Write binding, Duration timeLimit) {
    return bind(url, binding, timeLimit, Leadership.always());
  }

  private static BindOutcome bind(
      String url, BindDecision.Write binding, Duration timeLimit, Leadership leadership) {
    Config config = new ConfigBuilder(Config.empty()).withMasterUrl(url).build();
    try (KubernetesBinder binder =
        new KubernetesBinder(config, new GpushareAnnotations(() -> 1_000), leadership)) {
      return binder.bind(binding, timeLimit);
    }
  }

  private BindOutcome bind(Duration timeLimit) {
    return bind(apiServer.url(), share("n1"), timeLimit);
  }

  private static BindDecision.Write share(String node) {
    PodShape shape = PodShape.of(Resources.of(1, 1), GpuRequest.share("aliyun.com/gpu-mem", 8));
    return new BindDecision.Write(
        new Placement(new Pod("u1", "ns", "p", shape, 0), node, List.of(3)), 16);
  }

  @Test
  void podNodeAndDevicesGoInOneWrite() {
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).hasSize(1);
    assertThat(apiServer.bindings().get(0))
        .contains("\"uid\":\"u1\"", "\"kind\":\"Binding\"", "\"name\":\"n1\"")
        .contains("\"ALIYUN_COM_GPU_MEM_IDX\":\"3\"")
        .contains("\"ALIYUN_COM_GPU_MEM_DEV\":\"16\"")
        .contains("\"ALIYUN_COM_GPU_MEM_POD\":\"8\"")
        .contains("\"ALIYUN_COM_GPU_MEM_ASSIGNED\":\"false\"")
        .contains("\"ALIYUN_COM_GPU_MEM_ASSUME_TIME\":\"1000\"")
        .contains("\"stowage.io/epoch\":\"0\"");
  }

  @Test
  void writeThatTimedOutAndSucceededIsReadBack() {
    apiServer.fail(Fault.SILENT_BUT_BOUND);
    assertThat(bind(Duration.ofSeconds(6))).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).as("not written again").hasSize(1);
  }

  @Test
  void writeThatTimedOutAndFailedIsTriedAgain() {
    apiServer.fail(Fault.SILENT);
    assertThat(bind(Duration.ofSeconds(6))).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).hasSize(2);
  }

  @Test
  void errorThatHidASuccessIsReadBack() {
    apiServer.fail(Fault.ERROR_BUT_BOUND);
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).hasSize(1);
  }

  @Test
  void conflictsErrorsAndThrottlingAreTriedAgain() {
    apiServer.fail(Fault.CONFLICT, Fault.ERROR, Fault.THROTTLED);
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).hasSize(4);
    assertThat(apiServer.nodeName()).isEqualTo("n1");
  }

  @Test
  void throttlingToTheEndIsNotBound() {
    apiServer.fail(Fault.THROTTLED, Fault.THROTTLED, Fault.THROTTLED, Fault.THROTTLED);
    apiServer.fail(Fault.THROTTLED, Fault.THROTTLED, Fault.THROTTLED, Fault.THROTTLED);
    assertThat(bind(SHORT))
        .isEqualTo(new BindOutcome.NotBound("the API server answered 429: too many requests"));
  }

  @Test
  void everyPassingFaultIsTriedAgain() {
    apiServer.fail(Fault.UNAVAILABLE, Fault.GATEWAY_TIMEOUT, Fault.ERROR, Fault.CONFLICT);
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).hasSize(5);
  }

  @Test
  void connectionCutAfterASuccessIsReadBack() {
    apiServer.fail(Fault.CUT_BUT_BOUND);
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings()).hasSize(1);
  }

  @Test
  void retryAfterIsKept() {
    apiServer.fail(Fault.THROTTLED);
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.pausesMillis()).hasSize(1).allMatch(millis -> millis >= 1000);
  }

  @Test
  void retryAfterBeyondTheTimeLeftEndsAtOnce() {
    apiServer.fail(Fault.THROTTLED_LONG);
    assertThat(bind(LONG))
        .isEqualTo(
            new BindOutcome.NotBound(
                "the API server answered 429: Too many requests, please try again later."));
    assertThat(apiServer.bindings()).hasSize(1);
  }

  @Test
  void nothingIsWrittenAgainBeforeItWasReadBack() {
    apiServer.fail(Fault.SILENT);
    apiServer.readable(false);
    assertThat(bind(Duration.ofSeconds(3))).isInstanceOf(BindOutcome.InDoubt.class);
    assertThat(apiServer.bindings()).hasSize(1);
  }

  @Test
  void epochByWhichItWasDecidedIsWrittenWithTheDevice() {
    Leadership leadership = Leadership.by(7);
    assertThat(bind(apiServer.url(), share("n1").by(7), LONG, leadership))
        .isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings().get(0)).contains("\"stowage.io/epoch\":\"7\"");
  }

  @Test
  void decisionOfAnEpochThatIsOverIsNotWritten() {
    Leadership leadership = Leadership.by(8);
    assertThat(bind(apiServer.url(), share("n1").by(7), LONG, leadership))
        .isInstanceOf(BindOutcome.NotBound.class);
    assertThat(apiServer.bindings()).isEmpty();
  }

  @Test
  void refusalByTheFenceEndsBeingActive() {
    apiServer.fail(Fault.FENCED_OFF);
    Leadership leadership = Leadership.always();
    assertThat(bind(apiServer.url(), share("n1"), LONG, leadership))
        .isInstanceOf(BindOutcome.NotBound.class);
    assertThat(apiServer.bindings()).hasSize(1);
    assertThat(leadership.isActive()).isFalse();
    assertThat(leadership.refusals()).isEqualTo(1);
  }

  @Test
  void refusalIsFinal() {
    apiServer.fail(Fault.FORBIDDEN);
    assertThat(bind(LONG))
        .isEqualTo(
            new BindOutcome.NotBound("the API server answered 403: may not create pods/binding"));
    assertThat(apiServer.bindings()).hasSize(1);
  }

  @Test
  void podRecreatedUnderTheSameNameIsNotBound() {
    apiServer.replacePod("u2");
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.NotBound("the pod is gone"));
    assertThat(apiServer.nodeName()).isEmpty();
  }

  @Test
  void podThatIsGoneIsNotBound() {
    apiServer.replacePod(null);
    assertThat(bind(LONG)).isEqualTo(new BindOutcome.NotBound("the pod is gone"));
  }

  @Test
  void podBoundAlreadyIsBoundOrNotByItsNode() {
    apiServer.bindTo("n2");
    assertThat(bind(LONG))
        .isEqualTo(new BindOutcome.NotBound("the pod is bound to node n2 already"));
    assertThat(bind(apiServer.url(), share("n2"), LONG)).isEqualTo(new BindOutcome.Bound());
  }

  @Test
  void silenceToTheEndIsInDoubt() {
    apiServer.fail(Fault.SILENT_BUT_BOUND);
    apiServer.readable(false);
    assertThat(bind(SHORT)).isInstanceOf(BindOutcome.InDoubt.class);
    assertThat(apiServer.nodeName()).isEqualTo("n1");
  }

  @Test
  void apiServerThatIsDownWasNeverWrittenTo() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertThat(bind("http://127.0.0.1:" + port, share("n1"), SHORT))
        .isInstanceOf(BindOutcome.NotBound.class);
  }

  @Test
  void podWithoutDeviceGetsNoAnnotation() {
    Placement whole =
        new Placement(
            new Pod("u1", "ns", "p", PodShape.of(Resources.of(1, 1), GpuRequest.NONE), 0),
            "n1",
            List.of());
    assertThat(bind(apiServer.url(), new BindDecision.Write(whole, 0), LONG))
        .isEqualTo(new BindOutcome.Bound());
    assertThat(apiServer.bindings().get(0)).doesNotContain("annotations");
  }
}
