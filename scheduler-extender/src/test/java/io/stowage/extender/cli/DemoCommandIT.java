package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code stowage demo} as the command line runs it. */
class DemoCommandIT {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    CommandLine commandLine = Stowage.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(args);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--nodes|9|--nodes must be from 10 to 5000, was 9",
        "--nodes|many|'--nodes'",
        "--load|0|--load must be above 0 and at most 2.0, was 0.0",
        "--load|NaN|--load must be above 0",
        "--duration|60|expected such as 90s, 5m or 1h, was '60'",
        "--duration|-1s|--duration",
        "--duration|999999h|--duration must be from 0s to 168h",
        "--port|65536|--port must be from 0 to 65535, was 65536",
        "--page-port|65536|--page-port must be from 0 to 65535, was 65536",
        "--seed|x|'--seed'"
      })
  void wrongOptionIsNamedAndExitsWith2(String option, String value, String sentence) {
    assertThat(run("demo", option, value)).isEqualTo(2);
    assertThat(err.toString().lines().findFirst())
        .hasValueSatisfying(line -> assertThat(line).contains(sentence));
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void portInUseIsOneSentenceAndExitsWith1() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThat(run("demo", "--port", String.valueOf(port))).isEqualTo(1);
      assertThat(err.toString().lines())
          .singleElement()
          .asString()
          .contains("cannot listen on 127.0.0.1:" + port);
    }
  }

  @Test
  void shortRunEndsByItselfWithASummary() {
    assertThat(run("demo", "--nodes", "10", "--duration", "2s", "--page-port", "0")).isZero();
    assertThat(out.toString())
        .contains("10 nodes")
        .contains("http://127.0.0.1:")
        .contains("See it in a browser: http://localhost:")
        .contains("first pod placed")
        .contains("kube-scheduler default")
        .contains("stowage replay");
    assertThat(err.toString()).isEmpty();
  }
}
