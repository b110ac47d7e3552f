package io.stowage.extender.page;

import io.stowage.extender.observe.RoomReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page's one thread: it takes samples, and while anybody looks it has the picture's changes
 * sent. What it keeps is one picture and the last samples, however many look.
 */
final class Following implements AutoCloseable {
  /** How long a browser is served before it has to ask again, and is checked again. */
  static final Duration LONGEST = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(Following.class);
  private static final int MOST_READERS = 64;

  private final PictureSource source;
  private final PageSettings settings;
  private final ScheduledExecutorService thread;
  private final Map<PageReader, Long> readersSinceNanos = new ConcurrentHashMap<>();

  // Belong to the thread.
  private final TimeSeries series = new TimeSeries(PageSettings.SAMPLES);
  private final List<Sample> unsent = new ArrayList<>();
  private final Map<String, NodePicture> nodes = new LinkedHashMap<>();
  private PendingPicture pending = PendingPicture.NONE;

  Following(PictureSource source, PageSettings settings) {
    this.source = source;
    this.settings = settings;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread created = new Thread(task, "stowage-page");
              created.setDaemon(true);
              return created;
            });
  }

  /** Starts the thread. */
  @SuppressWarnings("FutureReturnValueIgnored") // what is guarded throws nothing
  void start() {
    long sampleMillis = settings.sampleInterval().toMillis();
    long updateMillis = settings.updateInterval().toMillis();
    thread.scheduleAtFixedRate(guarded(this::sample), 0, sampleMillis, TimeUnit.MILLISECONDS);
    thread.scheduleWithFixedDelay(
        guarded(this::update), updateMillis, updateMillis, TimeUnit.MILLISECONDS);
  }

  /** A task that failed once is tried again all the same. */
  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("the page's picture could not be made", e);
      }
    };
  }

  /** Takes a browser that follows; any thread. */
  void add(PageReader reader) {
    if (readersSinceNanos.size() >= MOST_READERS) {
      reader.end();
      return;
    }
    readersSinceNanos.put(reader, System.nanoTime());
    try {
      thread.execute(guarded(this::update));
    } catch (RejectedExecutionException closed) {
      reader.end();
    }
  }

  private void sample() {
    Sample sample = source.sample();
    series.add(sample);
    if (!readersSinceNanos.isEmpty()) {
      unsent.add(sample);
    }
  }

  private void update() {
    readersSinceNanos.keySet().removeIf(PageReader::isGone);
    long nowNanos = System.nanoTime();
    readersSinceNanos.forEach(
        (reader, sinceNanos) -> {
          if (nowNanos - sinceNanos > LONGEST.toNanos()) {
            reader.end();
          }
        });
    if (readersSinceNanos.isEmpty()) {
      unsent.clear();
      return;
    }
    refresh();
  }

  /** Takes in what changed, and sends it to whoever looks. */
  private void refresh() {
    PictureChange change = source.changes();
    change.goneNodes().forEach(nodes::remove);
    change.nodes().forEach(node -> nodes.put(node.name(), node));
    PendingPicture waiting = change.pending();
    if (waiting != null) {
      pending = waiting;
    }
    send(change, System.nanoTime() / 1_000_000);
  }

  /**
   * Asks the source, as of now; any thread.
   *
   * @param question what is asked, on the page's thread
   */
  <T> CompletableFuture<T> ask(Function<PictureSource, T> question) {
    return CompletableFuture.supplyAsync(
        () -> {
          refresh();
          return question.apply(source);
        },
        thread);
  }

  /** Returns what would make room, empty where that is not known; any thread. */
  Optional<RoomReport> roomWanted() {
    return source.roomWanted();
  }

  private void send(PictureChange change, long nowMillis) {
    byte[] whole = null;
    byte[] changed =
        change.isEmpty() && unsent.isEmpty() ? null : PictureJson.change(change, unsent);
    unsent.clear();
    for (PageReader reader : readersSinceNanos.keySet()) {
      if (reader.needsWhole()) {
        if (whole == null) {
          whole = PictureJson.whole(nodes.values(), pending, series.samples());
        }
        reader.send(true, whole, nowMillis);
      } else if (changed != null) {
        reader.send(false, changed, nowMillis);
      }
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    readersSinceNanos.keySet().forEach(PageReader::end);
  }
}
