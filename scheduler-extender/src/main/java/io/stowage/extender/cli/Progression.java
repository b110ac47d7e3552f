package io.stowage.extender.cli;

import io.stowage.core.replay.Progress;
import java.util.concurrent.atomic.AtomicLong;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** Shows on a terminal how far all runs have come together. */
final class Progression implements AutoCloseable {
  private static final int STEPS_PER_RUN = 1000;

  private final @Nullable ProgressBar bar;
  private final AtomicLong done = new AtomicLong();

  Progression(long runs) {
    bar =
        !Ansi.AUTO.enabled()
            ? null
            : new ProgressBarBuilder()
                .setTaskName("replay")
                .setInitialMax(runs * STEPS_PER_RUN)
                .clearDisplayOnFinish()
                .build();
  }

  Progress ofRun() {
    AtomicLong reported = new AtomicLong();
    return part -> {
      long steps = (long) (part * STEPS_PER_RUN);
      long before = reported.get();
      if (steps > before) {
        reported.set(steps);
        long now = done.addAndGet(steps - before);
        if (bar != null) {
          bar.stepTo(now);
        }
      }
    };
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
