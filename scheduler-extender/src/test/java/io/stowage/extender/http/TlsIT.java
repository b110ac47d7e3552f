package io.stowage.extender.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.stowage.extender.service.ExtenderService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS and client certificates, with real clients, and certificates that change on disk. */
class TlsIT {
  private static final String EXPIRY = "stowage_tls_certificate_expiry_timestamp_seconds";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  private final TestAuthority authority = new TestAuthority("servers");
  private final TestAuthority clientAuthority = new TestAuthority("clients");
  private final TestAuthority.Identity caller = clientAuthority.issue("kube-scheduler");
  private @Nullable ExtenderService service;

  @AfterEach
  void stop() {
    if (service != null) {
      service.close();
    }
  }

  private Path file(String name) {
    return directory.resolve(name);
  }

  private TlsFiles files(boolean mutual) {
    clientAuthority.write(file("ca.crt"));
    return new TlsFiles(file("tls.crt"), file("tls.key"), mutual ? file("ca.crt") : null);
  }

  private int start(TlsFiles files) throws IOException {
    service = Services.start(new HttpSettings(HttpLimits.DEFAULT, files, false, null, null));
    return service.port();
  }

  private int startWith(TestAuthority.Identity identity, boolean mutual) throws IOException {
    identity.write(file("tls.crt"), file("tls.key"));
    return start(files(mutual));
  }

  private static String get(SSLContext context, int port, String path)
      throws IOException, InterruptedException {
    return get(HttpClient.newBuilder().sslContext(context).build(), port, path);
  }

  private static String get(HttpClient client, int port, String path)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  /** Returns the subject of the certificate that a new connection is shown. */
  private String subject(int port) throws IOException {
    try (SSLSocket socket = open(authority.clientContext(caller), port)) {
      return subject(socket);
    }
  }

  private static String subject(SSLSocket socket) throws IOException {
    return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
        .getSubjectX500Principal()
        .getName();
  }

  private static SSLSocket open(SSLContext context, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    socket.startHandshake();
    return socket;
  }

  private double metric(int port, String name) throws IOException, InterruptedException {
    return get(authority.clientContext(caller), port, "/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void serverIsVerifiedByItsAuthorityAndByNoOther() throws Exception {
    int port = startWith(authority.issue("one"), false);
    assertThat(get(authority.clientContext(null), port, "/healthz")).isEqualTo("ok\n");
    assertThatThrownBy(() -> get(clientAuthority.clientContext(null), port, "/healthz"))
        .isInstanceOf(SSLException.class);
    assertThat(get(authority.clientContext(null), port, "/healthz")).isEqualTo("ok\n");
  }

  @Test
  void callerWithoutACertificateOfTheAuthorityIsRefused() throws Exception {
    int port = startWith(authority.issue("one"), true);
    assertThatThrownBy(() -> get(authority.clientContext(null), port, "/healthz"))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(
            () -> get(authority.clientContext(authority.issue("wrong")), port, "/healthz"))
        .isInstanceOf(IOException.class);
    assertThat(get(authority.clientContext(caller), port, "/healthz")).isEqualTo("ok\n");
    assertThat(get(authority.clientContext(caller), port, "/metrics"))
        .containsPattern("stowage_http_connections_ended_total\\{reason=\"handshake\"} [1-9]");
  }

  @Test
  void tlsBelowVersion12IsRefused() throws Exception {
    int port = startWith(authority.issue("one"), false);
    SSLContext context = authority.clientContext(null);
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.startHandshake();
      assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.2");
    }
    // A ClientHello of TLS 1.1, with two cipher suites, by hand: the JDK does not send one.
    byte[] hello =
        HexFormat.of().parseHex("160301002f0100002b0302" + "00".repeat(32) + "000004c009002f0100");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(hello);
      byte[] answer = socket.getInputStream().readAllBytes();
      assertThat(answer).isNotEmpty();
      assertThat(answer[0]).as("an alert").isEqualTo((byte) 21);
    }
  }

  @Test
  void newCertificateIsTakenFromDiskAndOpenConnectionsGoOn() throws Exception {
    TestAuthority.Identity one = authority.issue("one", Duration.ofHours(1));
    TestAuthority.Identity two = authority.issue("two", Duration.ofHours(3));
    int port = startWith(one, true);
    assertThat(subject(port)).isEqualTo("CN=one");
    assertThat(metric(port, EXPIRY)).isEqualTo(expiry(one));
    try (SSLSocket open = open(authority.clientContext(caller), port)) {
      assertThat(exchange(open)).startsWith("HTTP/1.1 200");
      two.write(file("tls.crt"), file("tls.key"));
      await("the new certificate").atMost(PATIENCE).until(() -> subject(port).equals("CN=two"));
      assertThat(exchange(open)).startsWith("HTTP/1.1 200");
      assertThat(subject(open)).isEqualTo("CN=one");
    }
    assertThat(metric(port, EXPIRY)).isEqualTo(expiry(two));
    assertThat(metric(port, "stowage_tls_reload_failures_total")).isZero();
  }

  private static double expiry(TestAuthority.Identity identity) {
    return identity.certificate().getNotAfter().toInstant().getEpochSecond();
  }

  private static String exchange(SSLSocket socket) throws IOException {
    socket
        .getOutputStream()
        .write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    byte[] answer = new byte[1024];
    int length = socket.getInputStream().read(answer);
    return new String(answer, 0, length, StandardCharsets.UTF_8);
  }

  @Test
  void certificateIsTakenWhenKubernetesSwapsTheLinkOfASecret() throws Exception {
    for (String name : new String[] {"one", "two"}) {
      Files.createDirectories(file("..data-" + name));
      authority
          .issue(name)
          .write(file("..data-" + name + "/tls.crt"), file("..data-" + name + "/tls.key"));
    }
    Files.createSymbolicLink(file("..data"), Path.of("..data-one"));
    Files.createSymbolicLink(file("tls.crt"), Path.of("..data/tls.crt"));
    Files.createSymbolicLink(file("tls.key"), Path.of("..data/tls.key"));
    int port = start(files(true));
    assertThat(subject(port)).isEqualTo("CN=one");
    Files.createSymbolicLink(file("..data_tmp"), Path.of("..data-two"));
    Files.move(file("..data_tmp"), file("..data"), StandardCopyOption.ATOMIC_MOVE);
    await("the new certificate").atMost(PATIENCE).until(() -> subject(port).equals("CN=two"));
  }

  @Test
  void newAuthorityOfClientsIsTakenFromDisk() throws Exception {
    int port = startWith(authority.issue("one"), true);
    TestAuthority next = new TestAuthority("next clients");
    TestAuthority.Identity nextCaller = next.issue("kube-scheduler");
    assertThatThrownBy(() -> get(authority.clientContext(nextCaller), port, "/healthz"))
        .isInstanceOf(IOException.class);
    next.write(file("ca.crt"));
    await("the new authority")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> get(authority.clientContext(nextCaller), port, "/healthz").equals("ok\n"));
    assertThatThrownBy(() -> get(authority.clientContext(caller), port, "/healthz"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void brokenCertificateIsRefusedAndTheOneBeforeStays() throws Exception {
    int port = startWith(authority.issue("one"), true);
    String failures = "stowage_tls_reload_failures_total";
    int refused = 0;
    Files.writeString(file("tls.crt"), "-----BEGIN CERTIFICATE-----\nnothing\n");
    awaitFailures(port, failures, ++refused);
    Files.writeString(file("tls.crt"), authority.issue("other key").certPem());
    awaitFailures(port, failures, ++refused);
    authority.issue("ended", Duration.ofDays(-1)).write(file("tls.crt"), file("tls.key"));
    awaitFailures(port, failures, ++refused);
    Files.delete(file("tls.key"));
    awaitFailures(port, failures, ++refused);
    assertThat(subject(port)).isEqualTo("CN=one");
    authority.issue("two").write(file("tls.crt"), file("tls.key"));
    await("the new certificate").atMost(PATIENCE).until(() -> subject(port).equals("CN=two"));
    assertThat(metric(port, failures)).isEqualTo(refused);
  }

  private void awaitFailures(int port, String name, int count) {
    await(count + " refused").atMost(PATIENCE).until(() -> metric(port, name) == count);
  }

  @Test
  void startWithoutAValidPairIsOneSentence() throws IOException {
    authority.issue("one").write(file("tls.crt"), file("tls.key"));
    Files.writeString(file("tls.key"), authority.issue("other").keyPem());
    TlsFiles wrongKey = files(false);
    assertThatThrownBy(() -> start(wrongKey))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("tls.certFile and tls.keyFile: expected a valid pair of PEM: ")
        .hasMessageContaining("the key is not the certificate's");
    TlsFiles missing = new TlsFiles(file("tls.crt"), file("missing.key"), null);
    assertThatThrownBy(() -> start(missing))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("tls.keyFile: cannot be read: ")
        .hasMessageContaining(file("missing.key").toString());
  }

  @Test
  void probesReachTheHealthPortWithoutACertificate() throws Exception {
    authority.issue("one").write(file("tls.crt"), file("tls.key"));
    service =
        Services.start(
            new HttpSettings(
                HttpLimits.DEFAULT, files(true), false, null, new Address("127.0.0.1", 0)));
    ExtenderClient plain = new ExtenderClient(service.ports().get(1));
    assertThat(plain.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(plain.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(plain.get("/metrics").body()).contains("stowage_synced 1.0");
    assertThat(plain.post("bind", Bodies.bindBody("p", "n1")).statusCode()).isEqualTo(404);
  }
}
