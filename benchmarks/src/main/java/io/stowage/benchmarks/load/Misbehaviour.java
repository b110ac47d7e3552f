package io.stowage.benchmarks.load;

/** What badly behaved callers do. */
enum Misbehaviour {
  /** Announce a body beyond the limit and send some of it, 50 times a second. */
  OVERSIZED,
  /** Send half a body and go, 50 times a second. */
  TRUNCATED,
  /** Send large bodies a few bytes at a time, on 200 connections. */
  SLOW,
  /** Open 900 connections and send nothing. */
  IDLE,
  /** Send 100 requests at once before reading any answer, 10 times a second. */
  PIPELINED,
  /** Ask for metrics without end and never read an answer, on 20 connections. */
  DEAF
}
