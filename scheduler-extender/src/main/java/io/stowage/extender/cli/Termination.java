package io.stowage.extender.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The signal to stop (SIGTERM, Ctrl-C), caught so that a command can end by itself. Open it before
 * what is to be closed: the process ends with exit code 0, or that of {@link #endWith}, once this
 * is closed, or by force after 20 seconds.
 */
final class Termination implements AutoCloseable {
  private static final long MAX_STOP_SECONDS = 20;

  private final CountDownLatch told = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile int exitCode;
  private final Thread hook = new Thread(this::stop, "stowage-stop");

  /** Catches the signal from now on. */
  Termination() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop() {
    told.countDown();
    try {
      if (stopped.await(MAX_STOP_SECONDS, TimeUnit.SECONDS)) {
        // The exit code of a process that a signal ends would be the signal's.
        Runtime.getRuntime().halt(exitCode);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns when the process is told to stop. */
  void await() throws InterruptedException {
    told.await();
  }

  /** Returns when the process is told to stop, true, or after a time, false. */
  boolean await(long millis) throws InterruptedException {
    return told.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Sets the exit code of a process that was told to stop. */
  void endWith(int code) {
    exitCode = code;
  }

  @Override
  public void close() {
    stopped.countDown();
    if (told.getCount() > 0) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        told.countDown();
      }
    }
  }
}
