package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ServeCommandTest {
  @TempDir private Path directory;

  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Stowage.commandLine();
    commandLine.setErr(new PrintWriter(err, true));
    commandLine.setOut(new PrintWriter(new StringWriter(), true));
    return commandLine.execute(arguments);
  }

  @Test
  void wrongUsageExitsWith2AndSaysWhat() throws IOException {
    assertThat(run("serve", "--port", "many")).isEqualTo(2);
    assertThat(err.toString()).contains("Invalid value for option '--port'");
    assertThat(run("serve", "--port", "70000")).isEqualTo(2);
    assertThat(err.toString()).contains("--port must be from 0 to 65535, was 70000");
    assertThat(run("serve", "--page-port", "70000")).isEqualTo(2);
    assertThat(err.toString()).contains("--page-port must be from 0 to 65535, was 70000");
    assertThat(run("serve", "--prot", "1")).isEqualTo(2);
    assertThat(err.toString()).contains("Unknown options: '--prot', '1'");
    assertThat(run("serve", "--kubeconfig", "/nonexistent")).isEqualTo(2);
    assertThat(err.toString()).contains("--kubeconfig: cannot read /nonexistent");
    Path config = Files.writeString(directory.resolve("c.yaml"), "prot: 1\n");
    assertThat(run("serve", "--config", config.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(config + ": unknown setting 'prot'");
  }

  @Test
  void portThatIsTakenFailsWith1AndSaysWhich() throws IOException {
    Path kubeconfig =
        Files.writeString(
            directory.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
            contexts: [{name: c, context: {cluster: c}}]
            current-context: c
            """);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertThat(run("serve", "--kubeconfig", kubeconfig.toString(), "--port", port)).isEqualTo(1);
      assertThat(err.toString()).contains("cannot listen on 127.0.0.1:" + port);
    }
  }

  @Test
  void helpNamesEveryOption() {
    CommandLine serve = Objects.requireNonNull(Stowage.commandLine().getSubcommands().get("serve"));
    assertThat(serve.getUsageMessage())
        .contains("--kubeconfig", "--port", "--page-port", "--config");
  }
}
