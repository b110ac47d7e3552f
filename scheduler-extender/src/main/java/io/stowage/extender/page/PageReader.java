package io.stowage.extender.page;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;

/**
 * One browser that follows, over an answer that does not end. One that reads too slowly misses
 * changes and gets the whole picture when it has read what it was sent; one that reads nothing for
 * {@value #PATIENCE_MILLIS} ms is let go. What is kept for it is at most one whole picture and the
 * change after it.
 */
final class PageReader {
  private static final long PATIENCE_MILLIS = 30_000;
  private static final int QUEUE_BYTES = 1 << 20;
  private static final byte[] START = "data: ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] END = "\n\n".getBytes(StandardCharsets.UTF_8);

  private final Context context;
  private final HttpServerResponse response;
  private volatile boolean needsWhole = true;
  private volatile boolean gone;

  // Belong to the context's event loop.
  private boolean full;
  private long fullSinceMillis;

  PageReader(Context context, HttpServerResponse response) {
    this.context = context;
    this.response = response;
    response.setWriteQueueMaxSize(QUEUE_BYTES);
    response.closeHandler(closed -> gone = true);
    response.exceptionHandler(failed -> gone = true);
    response.drainHandler(drained -> full = false);
  }

  /** Tells whether it is to be sent a whole picture before any change. */
  boolean needsWhole() {
    return needsWhole;
  }

  /** Tells whether it went. */
  boolean isGone() {
    return gone;
  }

  /** Sends a message; any thread. */
  void send(boolean whole, byte[] json, long nowMillis) {
    if (whole) {
      needsWhole = false;
    }
    context.runOnContext(on -> write(whole, json, nowMillis));
  }

  private void write(boolean whole, byte[] json, long nowMillis) {
    if (gone || response.closed() || response.ended()) {
      gone = true;
      return;
    }
    if (response.writeQueueFull()) {
      if (!full) {
        full = true;
        fullSinceMillis = nowMillis;
      } else if (nowMillis - fullSinceMillis > PATIENCE_MILLIS) {
        gone = true;
        response.reset();
      }
      needsWhole = true;
      return;
    }
    full = false;
    if (!whole && needsWhole) {
      return; // it has missed something
    }
    response.write(
        Buffer.buffer(START.length + json.length + END.length)
            .appendBytes(START)
            .appendBytes(json)
            .appendBytes(END));
  }

  /** Ends the answer; the browser asks again. */
  void end() {
    gone = true;
    context.runOnContext(
        on -> {
          if (!response.closed() && !response.ended()) {
            response.end();
          }
        });
  }
}
