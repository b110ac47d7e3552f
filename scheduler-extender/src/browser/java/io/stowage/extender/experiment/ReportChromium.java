package io.stowage.extender.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import io.stowage.core.replay.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The report in a real Chromium. */
class ReportChromium {
  @TempDir private Path directory;

  private static ReportCase replayed(ReplaySettings settings) {
    Workload workload = new Workload(Workload.generate(20, 1), List.of());
    List<RunResult> runs = new ArrayList<>();
    for (long seed = 1; seed <= 3; seed++) {
      for (String policy : List.of("fgd", "best-fit", "random")) {
        runs.add(Replays.run(workload, settings, policy, seed, Progress.NONE));
      }
    }
    return new ReportCase("20 nodes", "as it is", settings.byName(), runs);
  }

  private static ExperimentReport report() {
    return new ExperimentReport(
        "Three policies",
        List.of(
            replayed(ReplaySettings.of(Protocol.inflation, null, null, null, null, null)),
            replayed(ReplaySettings.of(Protocol.churn, 0.95, 500, 1_500, null, null)),
            replayed(ReplaySettings.of(Protocol.burst, null, null, null, null, null))),
        List.of("20 nodes, as it is, burst: fgd, seed 4: no runs/0.json"));
  }

  private void look(ColorScheme scheme, Path picture) throws IOException {
    report().write(directory);
    List<String> problems = new ArrayList<>();
    try (Playwright playwright =
            Playwright.create(
                new Playwright.CreateOptions()
                    .setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        Browser browser =
            playwright
                .chromium()
                .launch(
                    new LaunchOptions()
                        .setExecutablePath(Path.of("/usr/bin/chromium"))
                        .setArgs(List.of("--no-sandbox"))); // CI runs as root
        BrowserContext context =
            browser.newContext(
                new Browser.NewContextOptions()
                    .setViewportSize(1300, 900)
                    .setColorScheme(scheme))) {
      Page page = context.newPage();
      page.onConsoleMessage(
          message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
              problems.add(message.text());
            }
          });
      page.onPageError(problems::add);
      page.onRequest(
          request -> {
            if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) {
              problems.add(request.url());
            }
          });
      page.navigate(directory.resolve("report.html").toUri().toString());
      long charts = report().cases().stream().mapToLong(of -> ReportChart.of(of).size()).sum();
      assertThat(page.locator("figure canvas").count()).isEqualTo((int) charts);
      assertThat(page.locator("figcaption").allTextContents())
          .contains(
              "GPU allocation", "Waiting pods", "Stranded GPU by cause", "Mean wait by class");
      page.locator("summary").all().forEach(summary -> summary.click());
      problems.addAll(
          new AxeBuilder(page)
              .analyze().getViolations().stream()
                  .map(rule -> rule.getId() + ": " + rule.getNodes())
                  .toList());
      if (!picture.toString().isEmpty()) {
        page.locator("summary").all().forEach(summary -> summary.click());
        Files.createDirectories(picture.toAbsolutePath().getParent());
        page.screenshot(new Page.ScreenshotOptions().setPath(picture).setFullPage(true));
      }
    }
    assertThat(problems).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = ColorScheme.class,
      names = {"LIGHT", "DARK"})
  void plotsAreDrawnAndAxeFindsNothing(ColorScheme scheme) throws IOException {
    look(scheme, Path.of(""));
  }

  @Test
  @EnabledIfSystemProperty(named = "stowage.pictures", matches = ".+")
  void picture() throws IOException {
    look(
        ColorScheme.LIGHT,
        Path.of(System.getProperty("stowage.pictures", ""), "experiment-report.png"));
  }
}
