package io.stowage.extender.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.stowage.extender.http.TestAuthority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real kube-scheduler that calls Stowage over mutual TLS. */
class TlsE2E {

  @TempDir private Path directory;

  private Path file(String name) {
    return directory.resolve(name);
  }

  private static int status(SSLContext context, int port) throws IOException, InterruptedException {
    return HttpClient.newBuilder()
        .sslContext(context)
        .build()
        .send(
            HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/readyz")).build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void podsAreBoundOverMutualTlsAlsoAfterTheCertificateWasRenewed() throws IOException {
    TestAuthority authority = new TestAuthority("stowage");
    authority.write(file("ca.crt"));
    authority.issue("stowage").write(file("tls.crt"), file("tls.key"));
    TestAuthority.Identity caller = authority.issue("kube-scheduler");
    caller.write(file("client.crt"), file("client.key"));
    Path config =
        Files.writeString(
            file("stowage.yaml"),
            "tls: {certFile: %s, keyFile: %s, clientCaFile: %s}\n"
                .formatted(file("tls.crt"), file("tls.key"), file("ca.crt")));
    Path nodes = NodeLists.write("tls", List.of(NodeLists.node("a", 2), NodeLists.node("b", 2)));
    try (ControlPlane controlPlane = ControlPlane.start("tls", nodes);
        StowageProcess stowage =
            controlPlane.startStowage(
                "stowage", controlPlane.kubeconfig("stowage"), "--config", config.toString())) {
      SSLContext client = authority.clientContext(caller);
      await("Stowage to be ready").until(() -> status(client, stowage.port()) == 200);
      String shipped =
          controlPlane.schedulerConfig("stowage", "https://127.0.0.1:" + stowage.port());
      String mutual =
          shipped.replaceFirst(
              "(?m)^  enableHTTPS: false.*$",
              "  enableHTTPS: true\n  tlsConfig: {caFile: %s, certFile: %s, keyFile: %s}"
                  .formatted(file("ca.crt"), file("client.crt"), file("client.key")));
      assertThat(mutual).contains("enableHTTPS: true");
      try (ChildProcess scheduler = controlPlane.startSchedulerWith(mutual)) {
        awaitBound(controlPlane, "first");
        authority.issue("renewed").write(file("tls.crt"), file("tls.key"));
        await("the new certificate")
            .until(() -> Files.readString(stowage.log()).contains("the certificate was read anew"));
        awaitBound(controlPlane, "second");
        assertThat(scheduler.output()).doesNotContain("tls: ");
      }
      assertThat(stowage.complaints()).isEmpty();
    }
  }

  private static void awaitBound(ControlPlane controlPlane, String name) {
    controlPlane
        .admin()
        .pods()
        .resource(Pods.pod(name, Pods.STOWAGE, "cpu=1,memory=1Gi,nvidia.com/gpu=1").build())
        .create();
    await("pod %s to be bound".formatted(name))
        .until(
            () ->
                ClusterSnapshot.isBound(
                    controlPlane.admin().pods().inNamespace("default").withName(name).get()));
  }
}
