package io.stowage.extender.http;

import io.stowage.extender.leader.Leadership;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.StateLoop;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Health, readiness, leadership, metrics and version. */
public final class HealthRoutes implements Routes {
  /** Callers who ask for metrics all the time get those of a tenth of a second ago. */
  private static final long KEPT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final StateLoop loop;
  private final ServiceMetrics metrics;
  private final Leadership leadership;
  private volatile @Nullable Scrape last;

  /** What one was told, and when. */
  private record Scrape(Buffer text, long nanos) {}

  /** Creates the routes. */
  public HealthRoutes(StateLoop loop, ServiceMetrics metrics, Leadership leadership) {
    this.loop = loop;
    this.metrics = metrics;
    this.leadership = leadership;
  }

  @Override
  public void addTo(Router router) {
    router.get("/healthz").handler(context -> Responses.text(context, "ok\n"));
    router.get("/readyz").handler(this::ready);
    router.get("/leaderz").handler(this::leader);
    router.get("/metrics").handler(this::scrape);
    router.get("/version").handler(HealthRoutes::version);
  }

  private void ready(RoutingContext context) {
    Responses.fromLoop(
            context,
            loop.call(
                state ->
                    state.isSynced() ? notWatched(state.watchesDown()) : ExtenderRoutes.NOT_SYNCED))
        .onComplete(
            sentence -> {
              if (sentence.isEmpty()) {
                Responses.text(context, "ok\n");
              } else {
                Responses.refuse(context, 503, sentence);
              }
            },
            context::fail);
  }

  private static String notWatched(List<String> kinds) {
    return kinds.isEmpty()
        ? ""
        : "what Stowage knows grows old: no watch of " + String.join(", ", kinds);
  }

  private void leader(RoutingContext context) {
    String standing = leadership.standing();
    if (leadership.isActive()) {
      Responses.text(context, standing + "\n");
    } else {
      Responses.refuse(context, 503, standing);
    }
  }

  private void scrape(RoutingContext context) {
    Scrape known = last;
    if (known != null && System.nanoTime() - known.nanos < KEPT_NANOS) {
      answer(context, known);
      return;
    }
    Responses.fromLoop(
            context,
            loop.call(
                state -> {
                  metrics.update(
                      state.figures(),
                      state.waitingFigures(System.currentTimeMillis()),
                      state.isSynced());
                  return true;
                }))
        .onComplete(
            updated -> {
              Scrape scrape = new Scrape(Buffer.buffer(metrics.scrape()), System.nanoTime());
              last = scrape;
              answer(context, scrape);
            },
            context::fail);
  }

  private static void answer(RoutingContext context, Scrape scrape) {
    Responses.answer(context, 200, "text/plain; version=0.0.4; charset=utf-8", scrape.text);
  }

  private static void version(RoutingContext context) {
    String version = HealthRoutes.class.getPackage().getImplementationVersion();
    Responses.text(context, version == null ? "unpackaged" : version);
  }
}
