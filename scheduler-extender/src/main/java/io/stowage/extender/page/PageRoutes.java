package io.stowage.extender.page;

import io.stowage.extender.http.Routes;
import io.stowage.extender.observe.ObservationJson;
import io.stowage.extender.observe.RoomReport;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The page's files, {@code /events}, the picture as it changes, and below {@code /api} what is told
 * on request. Nothing can be changed through it: only GET and HEAD are answered. The files say
 * nothing about a cluster and are open; who asks for anything else is checked.
 *
 * <p>On loopback a request must name loopback as its host: a name that somebody else's DNS points
 * to 127.0.0.1 is refused, lest a foreign page should read this one.
 */
final class PageRoutes implements Routes {
  private static final Pattern LOOPBACK_HOST =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d{1,5})?");
  private static final String BEARER = "Bearer ";
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final PageAssets assets;
  private final boolean loopback;
  private final PageAccess access;
  private final Following following;
  private final @Nullable Supplier<String> scrape;

  /**
   * Creates the routes.
   *
   * @param loopback whether only loopback reaches them
   * @param following takes browsers that follow, and answers what is asked
   * @param scrape returns the metrics for {@code /metrics}; null where there are none
   */
  PageRoutes(
      PageAssets assets,
      boolean loopback,
      PageAccess access,
      Following following,
      @Nullable Supplier<String> scrape) {
    this.scrape = scrape;
    this.assets = assets;
    this.loopback = loopback;
    this.access = access;
    this.following = following;
  }

  @Override
  public void addTo(Router router) {
    router.route().handler(this::protect);
    router.get("/events").handler(context -> ifAllowed(context, this::follow));
    router
        .get("/api/explain/pod/:namespace/:name")
        .handler(context -> ifAllowed(context, this::explainPod));
    router.get("/api/explain/node/:name").handler(context -> ifAllowed(context, this::explainNode));
    router.get("/api/top").handler(context -> ifAllowed(context, this::top));
    router.get("/api/room-wanted").handler(context -> ifAllowed(context, this::roomWanted));
    if (scrape != null) {
      Supplier<String> told = scrape;
      router.get("/metrics").handler(context -> ifAllowed(context, own -> metrics(own, told)));
    }
    router.route().handler(this::asset);
  }

  private void protect(RoutingContext context) {
    context
        .response()
        .putHeader(
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Cross-Origin-Resource-Policy", "same-origin")
        .putHeader("Cache-Control", "no-store");
    HttpMethod method = context.request().method();
    String host = context.request().getHeader("Host");
    if (loopback && (host == null || !LOOPBACK_HOST.matcher(host).matches())) {
      answer(context, 403, "expected localhost or a loopback address as Host");
    } else if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
      context.response().putHeader("Allow", "GET, HEAD");
      answer(context, 405, "method " + method + " is not allowed here: the page only shows");
    } else {
      context.next();
    }
  }

  private void asset(RoutingContext context) {
    String path = String.valueOf(context.request().path());
    PageAssets.Asset asset = assets.get(path);
    if (asset == null) {
      answer(context, 404, "no such path: " + path);
      return;
    }
    HttpServerResponse response = context.response().putHeader("Content-Type", asset.contentType());
    if (context.request().method().equals(HttpMethod.HEAD)) {
      response.putHeader("Content-Length", String.valueOf(asset.content().length())).end();
    } else {
      response.end(asset.content());
    }
  }

  private void ifAllowed(RoutingContext context, Consumer<RoutingContext> answer) {
    String token = bearer(context.request().getHeader("Authorization"));
    context
        .vertx()
        .executeBlocking(() -> access.decide(token), false)
        .onComplete(verdict -> ifAllowed(context, verdict, answer), context::fail);
  }

  private static @Nullable String bearer(@Nullable String authorization) {
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).strip()
        : null;
  }

  private static void ifAllowed(
      RoutingContext context, PageAccess.Verdict verdict, Consumer<RoutingContext> answer) {
    HttpServerResponse response = context.response();
    if (response.closed()) {
      return;
    }
    switch (verdict) {
      case UNKNOWN -> {
        response.putHeader("WWW-Authenticate", "Bearer");
        answer(context, 401, "expected a bearer token that the API server knows");
      }
      case FORBIDDEN -> answer(context, 403, "the token's account may not get /page");
      case UNDECIDED -> answer(context, 503, "the API server cannot be asked about the token");
      case ALLOWED -> answer.accept(context);
    }
  }

  private void follow(RoutingContext context) {
    HttpServerResponse response = context.response();
    response
        .setChunked(true)
        .putHeader("Content-Type", "text/event-stream; charset=utf-8")
        .putHeader("X-Accel-Buffering", "no");
    following.add(
        new PageReader(Objects.requireNonNull(context.vertx().getOrCreateContext()), response));
  }

  private void explainPod(RoutingContext context) {
    String namespace = Objects.requireNonNull(context.pathParam("namespace"));
    String name = Objects.requireNonNull(context.pathParam("name"));
    tell(
        context,
        source -> source.explainPod(namespace, name).map(MAPPER::writeValueAsBytes),
        "no pod " + namespace + "/" + name + " waits or is bound to a node");
  }

  private void explainNode(RoutingContext context) {
    String name = Objects.requireNonNull(context.pathParam("name"));
    tell(
        context,
        source -> source.explainNode(name).map(MAPPER::writeValueAsBytes),
        "no node " + name + " is known");
  }

  private void top(RoutingContext context) {
    tell(context, source -> Optional.of(MAPPER.writeValueAsBytes(source.top())), "");
  }

  private void roomWanted(RoutingContext context) {
    Optional<RoomReport> report = following.roomWanted();
    if (report.isPresent()) {
      json(context, Buffer.buffer(ObservationJson.of(report.get())));
    } else {
      context.response().putHeader("Retry-After", "15");
      answer(
          context,
          503,
          "not known here: this is not the active replica, it has only just started, or roomWanted"
              + " is off");
    }
  }

  private static void metrics(RoutingContext context, Supplier<String> scrape) {
    context
        .vertx()
        .executeBlocking(scrape::get, false)
        .onComplete(
            text ->
                context
                    .response()
                    .putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                    .end(Buffer.buffer(text)),
            context::fail);
  }

  private static void json(RoutingContext context, Buffer json) {
    context.response().putHeader("Content-Type", "application/json").end(json);
  }

  /** Answers a question with JSON, or that there is no such thing. */
  @SuppressWarnings("FutureReturnValueIgnored") // both outcomes are answered
  private void tell(
      RoutingContext context,
      Function<PictureSource, Optional<byte[]>> question,
      String unknownSentence) {
    Context own = Objects.requireNonNull(context.vertx().getOrCreateContext());
    following
        .ask(question)
        .whenComplete(
            (json, failure) ->
                own.runOnContext(
                    now -> {
                      if (context.response().closed()) {
                        return;
                      }
                      if (failure != null) {
                        context.fail(failure);
                      } else if (json.isEmpty()) {
                        answer(context, 404, unknownSentence);
                      } else {
                        json(context, Buffer.buffer(json.get()));
                      }
                    }));
  }

  private static void answer(RoutingContext context, int status, String sentence) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(Buffer.buffer(sentence + "\n"));
  }
}
