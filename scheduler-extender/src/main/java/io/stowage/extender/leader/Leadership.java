package io.stowage.extender.leader;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether this Stowage is the active one now, and by which epoch. Nothing here asks the API server:
 * what is known is judged by the clock each time. Thread-safe.
 */
public final class Leadership {

  /** A time of being active: its epoch, and whether it still holds. */
  private record Term(long epoch, BooleanSupplier holds) {}

  private final List<CompletableFuture<OptionalLong>> waiting = new ArrayList<>();
  private final AtomicLong refusals = new AtomicLong();
  private volatile @Nullable Term term;
  private volatile String whyStandby = "it has just started";
  private volatile @Nullable Long supersededNanos;

  /** Returns the leadership of a single replica without a fence: always active, by epoch 0. */
  public static Leadership always() {
    return by(0);
  }

  /** Returns a leadership that holds until the fence refuses it. */
  public static Leadership by(long epoch) {
    Leadership leadership = new Leadership();
    leadership.begin(epoch, () -> true);
    return leadership;
  }

  /** Tells whether it is the active one. */
  public boolean isActive() {
    Term now = term;
    return now != null && now.holds.getAsBoolean();
  }

  /** Tells whether it is the active one by that epoch. */
  public boolean isActive(long epoch) {
    Term now = term;
    return now != null && now.epoch == epoch && now.holds.getAsBoolean();
  }

  /** Returns the epoch by which it is active, -1 where it is not. */
  public long epoch() {
    Term now = term;
    return now != null && now.holds.getAsBoolean() ? now.epoch : -1;
  }

  /** Returns how often the fence has refused a Binding of this process. */
  public long refusals() {
    return refusals.get();
  }

  /** Says whether it is active, and if not why. */
  public String standing() {
    long epoch = epoch();
    return epoch >= 0 ? "active, epoch " + epoch : "standby: " + whyStandby;
  }

  /** Returns the sentence for who asks it to write although it is not the active one. */
  public String refusal() {
    return "this Stowage is not the active one: " + whyStandby;
  }

  /**
   * Returns the epoch by which it is active, once it is; empty where it is not within the time
   * limit.
   */
  public CompletableFuture<OptionalLong> awaitActive(Duration timeLimit) {
    CompletableFuture<OptionalLong> answer = new CompletableFuture<>();
    answer.completeOnTimeout(OptionalLong.empty(), timeLimit.toMillis(), TimeUnit.MILLISECONDS);
    synchronized (this) {
      waiting.removeIf(CompletableFuture::isDone);
      waiting.add(answer);
    }
    answerWaiting();
    return answer;
  }

  /** Takes in that the fence refused a Binding of an epoch: another Stowage has taken over. */
  public void fencedOff(long epoch) {
    refusals.incrementAndGet();
    supersede(epoch);
  }

  /** Ends the term of an epoch, where it is the present one, because another Stowage took over. */
  synchronized void supersede(long epoch) {
    Term now = term;
    if (now != null && now.epoch == epoch) {
      supersededNanos = System.nanoTime();
      end("another Stowage has taken over from epoch " + epoch);
    }
  }

  /** Returns when another Stowage was found to have taken over, null where none has. */
  @Nullable Long supersededNanos() {
    return supersededNanos;
  }

  /** Tells whether a term was begun and not ended; it need not hold. */
  boolean hasTerm() {
    return term != null;
  }

  void begin(long epoch, BooleanSupplier holds) {
    synchronized (this) {
      term = new Term(epoch, holds);
      supersededNanos = null;
    }
    answerWaiting();
  }

  synchronized void end(String why) {
    term = null;
    whyStandby = why;
  }

  /** Answers those who wait, where it is active. */
  void answerWaiting() {
    long epoch = epoch();
    if (epoch < 0) {
      return;
    }
    List<CompletableFuture<OptionalLong>> answered;
    synchronized (this) {
      answered = new ArrayList<>(waiting);
      waiting.clear();
    }
    answered.forEach(answer -> answer.complete(OptionalLong.of(epoch)));
  }
}
