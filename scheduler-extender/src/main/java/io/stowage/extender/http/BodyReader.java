package io.stowage.extender.http;

import io.netty.buffer.ByteBuf;
import io.stowage.extender.wire.Body;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bodies of requests, and bounds what they take: a body of more than the limit is refused
 * with 413, and where those under way come to more than the limit together, the largest is refused
 * with 503, so that a caller who sends much and slowly does not stand in the way of others.
 *
 * <p>An array is kept from one request to the next, so that a caller who asks again and again makes
 * no garbage. Not thread-safe: belongs to the event loop of its server.
 */
final class BodyReader {
  private static final int FIRST_BYTES = 64 << 10;
  private static final int KEPT_BYTES = 8 << 20;

  private final long maxBytes;
  private final Executor ends;
  private final Set<Reading> underWay = new HashSet<>();
  private long bytesUnderWay;
  private byte @Nullable [] spare;

  /**
   * Creates a reader.
   *
   * @param maxBytes the largest body, and the sum of all that are being read
   * @param ends runs what is to be done with a body that has come to its end
   */
  BodyReader(long maxBytes, Executor ends) {
    this.maxBytes = maxBytes;
    this.ends = ends;
  }

  /** A body that is being read. */
  private final class Reading {
    private final RoutingContext context;
    private final long announced;
    private byte[] bytes = {};
    private int length;
    private boolean over;

    private Reading(RoutingContext context, long announced) {
      this.context = context;
      this.announced = announced;
    }

    private void add(Buffer chunk) {
      if (over) {
        return;
      }
      int needed = length + chunk.length();
      if (needed > maxBytes) {
        refuse(413);
        return;
      }
      if (Body.arrayLength(needed) > bytes.length) {
        grow(needed);
      }
      ByteBuf content = ((BufferInternal) chunk).getByteBuf();
      content.getBytes(content.readerIndex(), bytes, length, chunk.length());
      length = needed;
      bytesUnderWay += chunk.length();
      while (bytesUnderWay > maxBytes) {
        largest().refuse(503);
      }
    }

    private void grow(int needed) {
      byte[] kept = spare;
      if (kept != null && kept.length >= Body.arrayLength(needed)) {
        spare = null;
        System.arraycopy(bytes, 0, kept, 0, length);
        bytes = kept;
        return;
      }
      // No more than what was announced, but not on the announcement's word alone.
      long wanted = Math.max(needed, Math.min(announced, Math.max(FIRST_BYTES, 4L * needed)));
      if (wanted == needed && needed != announced) {
        wanted = Math.min(maxBytes, Math.max(FIRST_BYTES, 2L * needed));
      }
      bytes = Arrays.copyOf(bytes, Body.arrayLength((int) wanted));
    }

    private void end(Consumer<Body> then) {
      if (!over) {
        release();
        then.accept(new Body(bytes.length == 0 ? new byte[Body.arrayLength(0)] : bytes, length));
        keep();
      }
    }

    private void refuse(int status) {
      release();
      keep();
      context.fail(status);
    }

    private void release() {
      over = true;
      underWay.remove(this);
      bytesUnderWay -= length;
    }

    private void keep() {
      if (bytes.length <= KEPT_BYTES && (spare == null || spare.length < bytes.length)) {
        spare = bytes;
      }
      bytes = new byte[0];
    }
  }

  private Reading largest() {
    return underWay.stream().max(Comparator.comparingInt(reading -> reading.length)).orElseThrow();
  }

  /**
   * Reads a request's body and hands it on; it is gone when {@code then} returns. A request that is
   * refused, or whose caller goes, fails its context.
   */
  void read(RoutingContext context, Consumer<Body> then) {
    HttpServerRequest request = context.request();
    long announced = announcedBytes(request);
    if (announced > maxBytes) {
      context.fail(413);
      return;
    }
    Reading reading = new Reading(context, announced);
    underWay.add(reading);
    request
        .handler(reading::add)
        .exceptionHandler(
            failure -> {
              if (!reading.over) {
                reading.release();
                context.fail(failure);
              }
            })
        .endHandler(ended -> ends.execute(() -> reading.end(then)));
    if (request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true)) {
      context.response().writeContinue();
    }
  }

  /** Returns the length that a request says its body has, 0 where it says none. */
  private static long announcedBytes(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return 0; // Netty refuses it
    }
  }
}
