package io.stowage.extender.cli;

import io.stowage.extender.demo.Demo;
import io.stowage.extender.demo.DemoDisplay;
import io.stowage.extender.demo.DemoSettings;
import io.stowage.extender.page.PageAccess;
import io.stowage.extender.page.PageServer;
import io.stowage.extender.page.PageSettings;
import io.stowage.extender.page.StatePictures;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Shows Stowage on an embedded cluster. */
@Command(
    name = "demo",
    description = {
      "Shows Stowage beside kube-scheduler's default policy; needs no cluster.",
      "Pods arrive, wait, run and end in two equal clusters in accelerated time. One is filled by"
          + " the real service, asked over HTTP as kube-scheduler asks it, the other by"
          + " kube-scheduler's least-allocated scoring."
    })
final class DemoCommand implements Callable<Integer> {
  private static final List<String> QUIET_LOGGERS = List.of("io.vertx", "io.netty", "io.stowage");

  private static final int DEFAULT_PAGE_PORT = 8090;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      defaultValue = "80",
      description = "Nodes of the cluster (default: ${DEFAULT-VALUE}).")
  private int nodes;

  @Option(
      names = "--load",
      paramLabel = "R",
      defaultValue = "0.95",
      description =
          "GPU that pods would hold if none ever waited, as a part of capacity"
              + " (default: ${DEFAULT-VALUE}).")
  private double load;

  @Option(
      names = "--duration",
      paramLabel = "D",
      defaultValue = "60s",
      converter = DurationConverter.class,
      description =
          "How long it runs, such as 90s, 5m or 1h; 0s until Ctrl-C (default: ${DEFAULT-VALUE}).")
  private Duration duration = Duration.ZERO;

  @Option(
      names = "--port",
      paramLabel = "P",
      defaultValue = "0",
      description = "Port that the service listens on; 0, the default, for any free one.")
  private int port;

  @Option(
      names = "--page-port",
      paramLabel = "P",
      description =
          "Port of the page to look at in a browser, 0 for any free one (default: 8090, or a free"
              + " one where that is taken).")
  private @Nullable Integer pagePort;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "42",
      description = "What cluster and arrivals are drawn from (default: ${DEFAULT-VALUE}).")
  private long seed;

  /** Reads durations such as {@code 90s}, {@code 5m}, {@code 1h}. */
  static final class DurationConverter implements ITypeConverter<Duration> {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})([smh])");

    @Override
    public Duration convert(String text) {
      Matcher matcher = DURATION.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException("expected such as 90s, 5m or 1h, was '" + text + "'");
      }
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        default -> Duration.ofHours(amount);
      };
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    DemoSettings settings = settings();
    // Lines on standard error would tear the display apart; loggers read this when they are made.
    for (String logger : QUIET_LOGGERS) {
      System.getProperties().putIfAbsent("org.slf4j.simpleLogger.log." + logger, "error");
    }
    DemoDisplay display =
        new DemoDisplay(
            spec.commandLine().getOut(),
            Ansi.AUTO.enabled(),
            ManagementFactory.getRuntimeMXBean().getStartTime());
    try (Termination termination = new Termination();
        Demo demo = Demo.start(settings);
        PageServer page = page(demo)) {
      display.begin(demo, page.url("localhost"));
      demo.run(display, termination::await);
      display.end(demo);
    }
    return CommandLine.ExitCode.OK;
  }

  private PageServer page(Demo demo) throws IOException {
    if (pagePort != null) {
      return page(demo, pagePort);
    }
    try {
      return page(demo, DEFAULT_PAGE_PORT);
    } catch (IOException taken) {
      return page(demo, 0);
    }
  }

  private static PageServer page(Demo demo, int port) throws IOException {
    return PageServer.start(
        PageSettings.demo(port),
        new StatePictures(
            demo.loop(), demo.metrics(), demo.labels(), System::currentTimeMillis, Optional::empty),
        PageAccess.OPEN,
        null,
        demo.metrics());
  }

  private DemoSettings settings() {
    if (pagePort != null && (pagePort < 0 || pagePort > 65_535)) {
      throw new ParameterException(
          spec.commandLine(), "--page-port must be from 0 to 65535, was " + pagePort);
    }
    try {
      return new DemoSettings(nodes, load, duration, port, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
