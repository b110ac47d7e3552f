package io.stowage.extender.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.stowage.extender.page.PageCluster.node;
import static io.stowage.extender.page.PageCluster.share;
import static io.stowage.extender.page.PageCluster.whole;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import io.stowage.core.cluster.Pod;
import io.stowage.core.plan.Slot;
import io.stowage.core.plan.StowagePlan;
import io.stowage.extender.demo.Demo;
import io.stowage.extender.demo.DemoSettings;
import io.stowage.extender.http.Address;
import io.stowage.extender.kube.NodeLabels;
import io.stowage.extender.kube.ObservedPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page in a real Chromium. */
class PageChromium {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final double PATIENCE_MILLIS = 60_000;
  private static Playwright playwright;
  private static Browser browser;

  private final PageCluster cluster = new PageCluster();
  private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
  private final List<String> elsewhere = Collections.synchronizedList(new ArrayList<>());
  private PageServer server;
  private BrowserContext context;
  private Page page;

  @BeforeAll
  static void launch() {
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser =
        playwright
            .chromium()
            .launch(
                new LaunchOptions()
                    .setExecutablePath(CHROMIUM)
                    .setArgs(List.of("--no-sandbox"))); // CI runs as root
  }

  @AfterAll
  static void quit() {
    browser.close();
    playwright.close();
  }

  @BeforeEach
  void start() throws IOException {
    server = serve(cluster.pictures(), 0, PageAccess.OPEN);
    context = look(ColorScheme.LIGHT);
    page = context.newPage();
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error") || message.type().equals("warning")) {
            errors.add(message.text());
          }
        });
    page.onPageError(errors::add);
    page.onRequest(
        request -> {
          if (!URI.create(request.url()).getHost().equals("127.0.0.1")) {
            elsewhere.add(request.url());
          }
        });
  }

  private static BrowserContext look(ColorScheme scheme) {
    return browser.newContext(
        new Browser.NewContextOptions()
            .setViewportSize(1400, 900)
            .setColorScheme(scheme)
            .setReducedMotion(ReducedMotion.REDUCE));
  }

  private PageServer serve(PictureSource source, int port, PageAccess access) throws IOException {
    return PageServer.start(
        new PageSettings(
            new Address("127.0.0.1", port), Duration.ofMillis(500), Duration.ofMillis(100)),
        source,
        access,
        null,
        cluster.metrics());
  }

  @AfterEach
  void stop() {
    context.close();
    server.close();
    cluster.close();
    assertThat(elsewhere).as("requests to other hosts").isEmpty();
  }

  private void open() {
    open(page, server, "");
  }

  private static void open(Page page, PageServer server, String view) {
    page.navigate("http://127.0.0.1:" + server.port() + "/" + view);
    assertThat(page.locator("#connection")).hasText("Live");
  }

  private Locator figure(String name) {
    return page.locator("#figures .figure")
        .filter(
            new Locator.FilterOptions()
                .setHas(page.getByText(name, new Page.GetByTextOptions().setExact(true))))
        .locator("dd");
  }

  private static Locator rows(Page page) {
    return page.locator("#rows tr");
  }

  /** Two nodes, one of them full, a pod that waits and a slot for it. */
  private void putSmallCluster() {
    cluster.labels().putNode("gpu-1", new NodeLabels("blue", "zone-a", "big"));
    cluster.labels().putNode("gpu-2", new NodeLabels("red", "zone-b", "big"));
    cluster.tell(
        state -> {
          state.putNode(node("gpu-1", 4));
          state.putNode(node("gpu-2", 4));
          state.markSynced();
        });
    cluster.bind(whole("train", 30, 4), "gpu-1", 0, 1, 2, 3);
    cluster.bind(share("notebook", 2, 8), "gpu-2", 1);
    Pod waiting = whole("waits", 2, 4);
    cluster.tell(state -> state.putPod(ObservedPod.pending(waiting)));
  }

  @Test
  void showsNodesGpusAndPods() {
    putSmallCluster();
    open();
    assertThat(figure("GPU allocated")).containsText("56.3 %");
    assertThat(figure("GPU allocated")).containsText("4.5 of 8");
    assertThat(figure("Nodes")).hasText("2");
    assertThat(figure("Pods pending")).hasText("1");
    page.locator("#packing").focus();
    page.keyboard().press("Home");
    assertThat(page.locator("#details")).containsText("Node gpu-1");
    assertThat(page.locator("#details")).containsText("team/train");
    assertThat(page.locator("#announce")).containsText("gpu-1, T4, 4 of 4 GPUs allocated");
    page.keyboard().press("ArrowRight");
    assertThat(page.locator("#details")).containsText("Node gpu-2");
    assertThat(page.locator("#details")).containsText("1: 50 % allocated");
    page.keyboard().press("Enter");
    assertThat(page.locator("#details")).isFocused();
    assertThat(errors).isEmpty();
  }

  @Test
  void pointingAtAGpuTellsItAndThePodOnIt() {
    cluster.tell(state -> state.putNode(node("only", 1)));
    cluster.bind(whole("train", 30, 1), "only", 0);
    open();
    assertThat(page.locator("#packing")).hasAttribute("data-tiles", "1");
    // The one node's tile is as large as tiles get, and begins below the group's name.
    page.mouse().move(canvasX() + 90, canvasY() + 90);
    assertThat(page.locator("#details")).containsText("Pod train");
    assertThat(page.locator("#details")).containsText("GPU 0");
    assertThat(page.locator("#details")).containsText("Node only");
    page.mouse().click(canvasX() + 90, canvasY() + 90);
    page.mouse().move(canvasX() + 600, canvasY() + 300);
    assertThat(page.locator("#details")).containsText("Pod train");
  }

  private double canvasX() {
    return page.locator("#packing").boundingBox().x;
  }

  private double canvasY() {
    return page.locator("#packing").boundingBox().y;
  }

  @Test
  void podThatIsBoundShowsWithoutReload() {
    putSmallCluster();
    open();
    assertThat(figure("GPU allocated")).containsText("4.5 of 8");
    cluster.bind(share("late", 2, 4), "gpu-2", 0);
    assertThat(figure("GPU allocated")).containsText("4.8 of 8");
    cluster.tell(state -> state.removePod("uid-train"));
    assertThat(figure("GPU allocated")).containsText("0.8 of 8");
    cluster.tell(state -> state.removeNode("gpu-1"));
    assertThat(figure("Nodes")).hasText("1");
    assertThat(errors).isEmpty();
  }

  @Test
  void tableShowsTheSameAndIsSearched() {
    putSmallCluster();
    open();
    page.locator("#as-table").click();
    assertThat(rows(page)).hasCount(2);
    assertThat(rows(page).first()).containsText("gpu-1blueT44 of 4");
    page.locator("#search").fill("notebook");
    assertThat(rows(page)).hasCount(1);
    assertThat(rows(page).first()).containsText("gpu-2");
    page.locator("#search").fill("");
    page.locator("#group").selectOption("zone");
    assertThat(rows(page).last()).containsText("zone-b");
    page.locator("#namespace").selectOption("team");
    assertThat(rows(page)).hasCount(2);
    rows(page).first().locator("button").click();
    assertThat(page.locator("#details")).containsText("Node gpu-1");
  }

  @Test
  void waitingPodsTellWhyAndWhereThePlanHasThem() {
    putSmallCluster();
    open();
    page.locator("#tab-pending").click();
    Locator row = page.locator("#pending-rows tr");
    assertThat(row).hasCount(1);
    assertThat(row).containsText("team/waits");
    assertThat(row).containsText("4 GPUs, 2 cores");
    assertThat(row).containsText("2 nodes have too little GPU left");
    assertThat(row).containsText("it would fit on gpu-2 if team/notebook ended");
    Slot slot = new Slot(whole("waits", 2, 4).shape(), "gpu-2", List.of(0, 1, 2, 3), true);
    cluster.tell(state -> state.adopt(new StowagePlan(Map.of("gpu-2", List.of(slot)))));
    assertThat(row.locator("td").last()).hasText("gpu-2");
    cluster.tell(state -> state.removePod("uid-waits"));
    assertThat(row).hasCount(0);
    assertThat(errors).isEmpty();
  }

  @Test
  void figuresOverTimeAreDrawn() {
    putSmallCluster();
    open();
    page.locator("#tab-time").click();
    assertThat(page.locator(".chart")).hasCount(7);
    assertThat(page.locator(".chart canvas")).hasCount(7);
    assertThat(page.locator(".chart p").first()).containsText("GPU 56.3 %, CPU 25.0 %");
    assertThat(page.locator(".chart p").first()).containsText("GPU bound ");
    assertThat(errors).isEmpty();
  }

  @Test
  void connectionThatIsLostIsSaidAndMade() throws IOException {
    putSmallCluster();
    open();
    int port = server.port();
    server.close();
    assertThat(page.locator("#connection")).hasText("Connection lost");
    assertThat(page.locator("#lost")).containsText("trying to reconnect");
    cluster.bind(share("meanwhile", 2, 4), "gpu-2", 0);
    server = serve(cluster.pictures(), port, PageAccess.OPEN);
    assertThat(page.locator("#connection")).hasText("Live");
    assertThat(page.locator("#lost")).isHidden();
    assertThat(figure("GPU allocated")).containsText("4.8 of 8");
  }

  @Test
  void whoHasNoTokenIsAskedForOne() throws IOException {
    putSmallCluster();
    server.close();
    server =
        serve(
            cluster.pictures(),
            0,
            token ->
                "right".equals(token) ? PageAccess.Verdict.ALLOWED : PageAccess.Verdict.UNKNOWN);
    page.navigate("http://127.0.0.1:" + server.port() + "/");
    assertThat(page.locator("#connection")).hasText("No access");
    page.locator("#token").fill("wrong");
    page.locator("#token-form button").click();
    assertThat(page.locator("#connection")).hasText("No access");
    assertThat(figure("Nodes")).hasText("0");
    page.locator("#token").fill("right");
    page.locator("#token-form button").click();
    assertThat(page.locator("#connection")).hasText("Live");
    assertThat(figure("Nodes")).hasText("2");
  }

  @ParameterizedTest
  @EnumSource(
      value = ColorScheme.class,
      names = {"LIGHT", "DARK"})
  void axeFindsNothing(ColorScheme scheme) {
    putSmallCluster();
    try (BrowserContext looked = look(scheme)) {
      Page shown = looked.newPage();
      open(shown, server, "");
      shown.locator("#packing").focus();
      shown.keyboard().press("Home");
      shown.keyboard().press("Enter");
      assertThat(shown.locator("#details")).containsText("Node gpu-1");
      assertThat(violations(shown)).as("map").isEmpty();
      shown.locator("#as-table").click();
      assertThat(rows(shown)).hasCount(2);
      assertThat(violations(shown)).as("table").isEmpty();
      shown.locator("#tab-time").click();
      assertThat(shown.locator(".chart")).hasCount(7);
      assertThat(violations(shown)).as("over time").isEmpty();
      shown.locator("#tab-pending").click();
      assertThat(shown.locator("#pending-rows tr")).hasCount(1);
      assertThat(violations(shown)).as("pending").isEmpty();
      server.close();
      assertThat(shown.locator("#lost")).isVisible();
      assertThat(violations(shown)).as("connection lost").isEmpty();
    }
  }

  private static List<String> violations(Page page) {
    return new AxeBuilder(page)
        .analyze().getViolations().stream().map(PageChromium::describe).toList();
  }

  private static String describe(Rule rule) {
    return rule.getId() + ": " + rule.getHelp() + " " + rule.getNodes();
  }

  @Test
  void fiveThousandNodesAreShownAndFollowed() throws IOException {
    try (PageCluster large = new PageCluster("best-fit");
        PageServer followed = serve(large.pictures(), 0, PageAccess.OPEN)) {
      int pods = large.fill(5_000, 40_000);
      long startNanos = System.nanoTime();
      open(page, followed, "");
      assertThat(page.locator("#packing")).hasAttribute("data-tiles", "5000");
      System.out.printf(
          "5,000 nodes, %,d pods: shown %.1f s after the address was entered%n",
          pods, (System.nanoTime() - startNanos) / 1e9);
      assertThat(figure("Nodes")).hasText("5,000");
      page.locator("#packing").hover();
      for (int i = 0; i < 12; i++) {
        page.mouse().wheel(0, -300);
      }
      assertThat(page.locator("#packing"))
          .hasAttribute("data-tiles", Pattern.compile("[1-9][0-9]{0,2}"));
      page.locator("#zoom-fit").click();
      assertThat(page.locator("#packing")).hasAttribute("data-tiles", "5000");
      assertThat(figure("Pods on nodes")).hasText("%,d".formatted(pods));
      large.bind(whole("late", 0, 0), "node-00001");
      assertThat(figure("Pods on nodes")).hasText("%,d".formatted(pods + 1));
      page.locator("#search").fill("node-00002");
      assertThat(page.locator("#packing")).hasAttribute("data-tiles", "1");
      assertThat(errors).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = "#time")
  void viewIsInTheAddress(String view) {
    putSmallCluster();
    open(page, server, view);
    assertThat(page.locator("#view-time")).isVisible();
    assertThat(page.locator("#tab-time")).hasAttribute("aria-selected", "true");
    page.locator("#tab-time").press("ArrowRight");
    assertThat(page.locator("#tab-pending")).isFocused();
    assertThat(page.locator("#view-pending")).isVisible();
  }

  /** Makes the pictures of the documents, of a demo that has run for a while. */
  @Test
  @EnabledIfSystemProperty(named = "stowage.pictures", matches = ".+")
  void pictures() throws IOException, InterruptedException {
    Path directory = Files.createDirectories(Path.of(System.getProperty("stowage.pictures")));
    List<PageServer> pages = new ArrayList<>();
    CountDownLatch stopped = new CountDownLatch(1);
    try (Demo demo = Demo.start(new DemoSettings(80, 0.97, Duration.ofSeconds(75), 0, 42))) {
      demo.run(
          new Demo.Display() {
            @Override
            public Duration interval() {
              return Duration.ofSeconds(1);
            }

            @Override
            public void show(Demo running) {
              if (pages.isEmpty() && running.isFilled()) {
                pages.add(serve(running));
              }
            }
          },
          millis -> stopped.await(millis, TimeUnit.MILLISECONDS));
      PageServer shown = pages.get(0);
      open(page, shown, "");
      assertThat(page.locator("#packing")).hasAttribute("data-tiles", "80");
      double x = canvasX() + 200;
      page.mouse().click(x, canvasY() + 60);
      page.mouse().move(x, canvasY() + 60);
      shoot(page, directory, "page-map.png");
      page.locator("#tab-time").click();
      assertThat(page.locator(".chart canvas")).hasCount(7);
      shoot(page, directory, "page-over-time.png");
      page.locator("#tab-pending").click();
      shoot(page, directory, "page-pending.png");
      page.locator("#tab-map").click();
      page.locator("#theme").click();
      page.locator("#colour").selectOption("namespace");
      shoot(page, directory, "page-map-dark.png");
      shown.close();
    }
  }

  private static PageServer serve(Demo demo) {
    try {
      return PageServer.start(
          PageSettings.demo(0),
          new StatePictures(
              demo.loop(),
              demo.metrics(),
              demo.labels(),
              System::currentTimeMillis,
              Optional::empty),
          PageAccess.OPEN,
          null,
          demo.metrics());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void shoot(Page page, Path directory, String name) {
    page.screenshot(new Page.ScreenshotOptions().setPath(directory.resolve(name)));
  }
}
