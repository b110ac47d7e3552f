package io.stowage.extender.bind;

import io.stowage.extender.state.BindDecision;
import io.stowage.extender.state.BindOutcome;
import java.time.Duration;

/** Writes bindings. Thread-safe. */
@FunctionalInterface
public interface Binder {

  /**
   * Binds a pod to its node and writes the devices on it, as one atomic write; blocks.
   *
   * @param timeLimit the time it may take at most; returns {@link BindOutcome.InDoubt} where what
   *     became of the write is not known by then
   */
  BindOutcome bind(BindDecision.Write binding, Duration timeLimit);
}
