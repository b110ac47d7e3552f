package io.stowage.extender.http;

import java.time.Duration;

/**
 * What one caller, or all of them, can take of a server.
 *
 * @param maxConnections connections at a time; further ones are closed
 * @param maxHeaderBytes a request's headers together
 * @param requestLimit the time from a request's head to the end of its body and its answer
 * @param idleLimit the time that a connection may go without the complete head of a request; more
 *     than the 90 s after which kube-scheduler closes idle connections by itself, so that the two
 *     never meet
 */
public record HttpLimits(
    int maxConnections, int maxHeaderBytes, Duration requestLimit, Duration idleLimit) {

  /** 1,000 connections, 16 KiB of headers, 30 s for a request, 120 s without one. */
  public static final HttpLimits DEFAULT =
      new HttpLimits(1000, 16 << 10, Duration.ofSeconds(30), Duration.ofSeconds(120));

  /** Throws IllegalArgumentException for a value out of its range. */
  public HttpLimits {
    if (maxConnections < 1 || maxHeaderBytes < 1) {
      throw new IllegalArgumentException("maxConnections and maxHeaderBytes must be at least 1");
    }
    if (requestLimit.toMillis() < 1 || idleLimit.toMillis() < 1) {
      throw new IllegalArgumentException("requestLimit and idleLimit must be at least 1 ms");
    }
  }
}
