package io.stowage.extender.http;

import io.stowage.extender.metrics.ServiceMetrics;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Ends connections that are too many, whose request takes too long, or that send none; and has
 * connections take turns.
 *
 * <p>Not thread-safe: belongs to the event loop of its server. Together with what Vert.x does by
 * itself this bounds what a connection holds: it takes in the next request only when the answer
 * before is written to the socket or to a buffer that is not full.
 */
final class ConnectionLimits {
  private final Vertx vertx;
  private final HttpLimits limits;
  private final ServiceMetrics metrics;
  private final Map<HttpConnection, Timer> timers = new HashMap<>();

  ConnectionLimits(Vertx vertx, HttpLimits limits, ServiceMetrics metrics) {
    this.vertx = vertx;
    this.limits = limits;
    this.metrics = metrics;
  }

  /** The time that a connection has left, and whether it has had its turn. */
  private final class Timer {
    private final HttpConnection connection;
    private long id;
    private boolean hadTurn;

    private Timer(HttpConnection connection) {
      this.connection = connection;
      start("idle", limits.idleLimit());
    }

    private void restart(String reason, Duration limit) {
      vertx.cancelTimer(id);
      if (timers.containsKey(connection)) {
        start(reason, limit);
      }
    }

    private void start(String reason, Duration limit) {
      id = vertx.setTimer(limit.toMillis(), fired -> end(connection, reason));
    }
  }

  /** Takes in a connection, or closes it. */
  void opened(HttpConnection connection) {
    if (timers.size() >= limits.maxConnections()) {
      end(connection, "too_many");
      return;
    }
    Timer timer = new Timer(connection);
    timers.put(connection, timer);
    metrics.connections(1);
    connection.closeHandler(
        closed -> {
          timers.remove(connection);
          vertx.cancelTimer(timer.id);
          metrics.connections(-1);
        });
  }

  /**
   * Gives a request its time and its turn; the first of a router's handlers. A connection that
   * sends requests ahead has one of them answered, then all others come first.
   */
  void handle(RoutingContext context) {
    Timer timer = timers.get(context.request().connection());
    if (timer == null) {
      return; // too many: it is being closed
    }
    timer.restart("request_time", limits.requestLimit());
    Promise<Void> answered = Promise.promise();
    context.addEndHandler(ended -> answered.tryComplete());
    Future.join(context.request().end(), answered.future())
        .onComplete(both -> timer.restart("idle", limits.idleLimit()));
    takeTurn(timer, context);
  }

  private void takeTurn(Timer timer, RoutingContext context) {
    if (timer.hadTurn) {
      context.request().pause();
      vertx.runOnContext(
          turn -> {
            takeTurn(timer, context);
            context.request().resume();
          });
      return;
    }
    timer.hadTurn = true;
    vertx.runOnContext(over -> timer.hadTurn = false);
    context.next();
  }

  private void end(HttpConnection connection, String reason) {
    metrics.connectionEnded(reason);
    connection.close();
  }
}
