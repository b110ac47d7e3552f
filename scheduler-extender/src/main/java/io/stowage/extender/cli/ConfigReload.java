package io.stowage.extender.cli;

import io.stowage.extender.config.StowageConfig;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.yaml.YamlFormatException;
import io.stowage.extender.yaml.YamlRecords;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration file anew when its contents change, a file of a ConfigMap too: every two
 * seconds it is looked at, and taken when two looks have found the same.
 *
 * <p>One that is refused is told once, and the one before stays. What cannot change while the
 * service works is named and left as it was started. Belongs to one thread.
 */
final class ConfigReload implements AutoCloseable {
  static final int LOOK_MILLIS = 2_000;

  private static final Logger LOG = LoggerFactory.getLogger(ConfigReload.class);

  private final Path file;
  private final ServiceMetrics metrics;
  private final Consumer<StowageConfig> take;
  private final Consumer<String> tell;
  private final Timer timer = new Timer("stowage-config", true);
  private final StowageConfig started;
  private StowageConfig inUse;

  /** What was judged last, a text or why there is none. */
  private String judged;

  private String seen;

  /**
   * Creates it; {@link #look} is the caller's to call.
   *
   * @param started what the service was started with
   * @param take gets a configuration to work by, where something changed that can
   * @param tell gets a sentence on one that is refused
   */
  ConfigReload(
      Path file,
      StowageConfig started,
      ServiceMetrics metrics,
      Consumer<StowageConfig> take,
      Consumer<String> tell) {
    this.file = file;
    this.started = started;
    this.inUse = started;
    this.metrics = metrics;
    this.take = take;
    this.tell = tell;
    this.judged = contents();
    this.seen = judged;
  }

  /** Looks every two seconds from now on. */
  ConfigReload start() {
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            try {
              look();
            } catch (RuntimeException e) {
              LOG.error("the configuration could not be read anew", e);
            }
          }
        },
        LOOK_MILLIS,
        LOOK_MILLIS);
    return this;
  }

  /** Looks once. */
  void look() {
    String found = contents();
    boolean settled = found.equals(seen);
    seen = found;
    if (!settled || found.equals(judged)) {
      return;
    }
    judged = found;
    StowageConfig next;
    try {
      next = StowageConfig.read(file);
    } catch (YamlFormatException e) {
      metrics.configReload(false);
      LOG.warn("the new configuration is refused, the one before stays: {}", e.getMessage());
      tell.accept("The new configuration is refused, the one before stays: " + e.getMessage());
      return;
    }
    SortedSet<String> changed = next.changedSince(inUse);
    changed.removeIf(key -> !StowageConfig.isChangeable(key));
    SortedSet<String> later = next.changedSince(started);
    later.removeIf(StowageConfig::isChangeable);
    if (!later.isEmpty()) {
      LOG.warn(
          "the configuration says otherwise where it takes a restart: {}",
          String.join(", ", later));
    }
    if (!changed.isEmpty()) {
      take.accept(next);
      LOG.info("the configuration was read anew: {}", String.join(", ", changed));
    }
    metrics.configReload(true);
    inUse = next;
  }

  /** Returns the file's text, or why it cannot be read. */
  private String contents() {
    try {
      return YamlRecords.text(file);
    } catch (YamlFormatException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Stops looking. */
  @Override
  public void close() {
    timer.cancel();
  }
}
