package io.stowage.extender.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How requests are answered, and refused with a sentence. */
final class Responses {
  private static final Logger LOG = LoggerFactory.getLogger(Responses.class);

  private Responses() {}

  /** Has a router answer what it has no route for, and what fails. */
  static void refuseTheRest(Router router) {
    router.errorHandler(
        404, context -> refuse(context, 404, "no such path: " + context.request().path()));
    router.errorHandler(
        405,
        context ->
            refuse(context, 405, "method " + context.request().method() + " is not allowed here"));
  }

  /** Answers a request that failed; only what is the service's own fault is an error in the log. */
  static void failed(RoutingContext context) {
    Throwable failure = context.failure();
    if (failure == null) {
      context.next();
    } else if (failure instanceof HttpClosedException) {
      LOG.debug("the caller of {} has gone", context.request().path());
    } else if (context.statusCode() >= 400 && context.statusCode() < 500) {
      refuse(context, context.statusCode(), String.valueOf(failure.getMessage()));
    } else {
      LOG.error("a request failed: {}", context.request().path(), failure);
      refuse(context, 500, "internal error");
    }
  }

  /** Returns a future of the state's loop that completes where the request is answered. */
  static <T> Future<T> fromLoop(RoutingContext context, CompletableFuture<T> future) {
    return Future.fromCompletionStage(future, context.vertx().getOrCreateContext());
  }

  static void json(RoutingContext context, int status, Buffer body) {
    answer(context, status, "application/json", body);
  }

  static void text(RoutingContext context, String text) {
    answer(context, 200, "text/plain; charset=utf-8", Buffer.buffer(text));
  }

  static void refuse(RoutingContext context, int status, String sentence) {
    answer(context, status, "text/plain; charset=utf-8", Buffer.buffer(sentence + "\n"));
  }

  static void answer(RoutingContext context, int status, String contentType, Buffer body) {
    if (!context.response().ended() && !context.response().closed()) {
      context.response().setStatusCode(status).putHeader("Content-Type", contentType).end(body);
    }
  }
}
