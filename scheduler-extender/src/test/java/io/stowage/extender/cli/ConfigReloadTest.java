package io.stowage.extender.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.yaml.YamlFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReloadTest {
  @TempDir private Path directory;
  private final ServiceMetrics metrics = new ServiceMetrics();
  private final List<StowageConfig> taken = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private Path file = Path.of("");
  private ConfigReload reload;

  @BeforeEach
  void start() throws IOException, YamlFormatException {
    file = directory.resolve("stowage.yaml");
    Files.writeString(file, "holdSeconds: 10\nport: 9000\n");
    reload = new ConfigReload(file, StowageConfig.read(file), metrics, taken::add, told::add);
  }

  @AfterEach
  void stop() {
    metrics.close();
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text);
    reload.look();
    reload.look();
  }

  private double reloads(String outcome) {
    return metrics
        .scrape()
        .lines()
        .filter(line -> line.startsWith("stowage_config_reloads_total{outcome=\"" + outcome))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  @Test
  void nothingIsTakenWhileTheFileIsAsItWas() {
    reload.look();
    reload.look();
    reload.look();

    assertThat(taken).isEmpty();
    assertThat(reloads("taken")).isZero();
  }

  @Test
  void changeIsTakenWhenTwoLooksHaveFoundIt() throws IOException {
    Files.writeString(file, "holdSeconds: 20\nport: 9000\n");
    reload.look();
    assertThat(taken).isEmpty();

    reload.look();
    reload.look();

    assertThat(taken).extracting(StowageConfig::holdSeconds).containsExactly(20);
    assertThat(reloads("taken")).isEqualTo(1);
  }

  @Test
  void brokenOneIsToldOnceAndTheOneBeforeStays() throws IOException {
    write("holdSeconds: 0\n");
    reload.look();
    reload.look();

    assertThat(taken).isEmpty();
    assertThat(told)
        .containsExactly(
            "The new configuration is refused, the one before stays: "
                + file
                + ": holdSeconds: expected 1 to 3600, was 0");
    assertThat(reloads("refused")).isEqualTo(1);

    write("holdSeconds: 10\nport: 9000\nwake: {burst: 7}\n");

    assertThat(taken).extracting(config -> config.wake().burst()).containsExactly(7);
  }

  @Test
  void fileThatIsGoneIsToldOnce() throws IOException {
    Files.delete(file);
    reload.look();
    reload.look();
    reload.look();

    assertThat(told).singleElement().asString().contains("cannot be read");

    write("holdSeconds: 10\nport: 9000\n");

    assertThat(taken).isEmpty();
    assertThat(told).hasSize(1);
  }

  @Test
  void whatTakesARestartAloneIsNotTaken() throws IOException {
    write("holdSeconds: 10\nport: 9001\n");
    assertThat(taken).isEmpty();

    write("holdSeconds: 30\nport: 9001\n");
    assertThat(taken).extracting(StowageConfig::holdSeconds).containsExactly(30);

    write("holdSeconds: 10\nport: 9000\n");
    assertThat(taken).extracting(StowageConfig::holdSeconds).containsExactly(30, 10);
  }
}
