package io.stowage.extender.events;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.github.bucket4j.Bucket;
import io.stowage.extender.metrics.ServiceMetrics;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Events of type Warning, one series a subject and reason: the first is created, those that
 * follow raise its count.
 *
 * <p>Never blocks its callers. At most five writes a second on average go to the API server; what
 * exceeds that, or waits while the API server is slow, is counted in its series and shown by the
 * series' next write. An Event that cannot be written is lost: Events are news, not state.
 * Thread-safe.
 */
public final class EventWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventWriter.class);
  private static final String COMPONENT = "stowage";
  private static final int SERIES = 4096;
  private static final int WAITING = 256;
  private static final int BURST = 50;
  private static final int PER_SECOND = 5;
  private static final int NOT_FOUND = 404;
  private static final int FORBIDDEN = 403;
  private static final int MESSAGE_CHARS = 1024;

  private final KubernetesClient client;
  private final ServiceMetrics metrics;
  private final Bucket writes =
      Bucket.builder()
          .addLimit(limit -> limit.capacity(BURST).refillGreedy(PER_SECOND, Duration.ofSeconds(1)))
          .build();
  private final ThreadPoolExecutor worker;
  private volatile boolean forbidden;

  /** Guarded by itself. */
  private final Map<Key, Series> bySubject =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Series> eldest) {
          return size() > SERIES;
        }
      };

  private record Key(Subject subject, String reason) {}

  /** One series; its fields are guarded by {@link #bySubject}, but the name, by the one worker. */
  private static final class Series {
    private String name = "";
    private int count;
    private Instant first = Instant.EPOCH;
    private Instant last = Instant.EPOCH;
    private String message = "";
    private boolean waiting;
  }

  /**
   * Creates a writer.
   *
   * @param client stays the caller's to close; should give up soon and not try again by itself
   */
  public EventWriter(KubernetesClient client, ServiceMetrics metrics) {
    this.client = client;
    this.metrics = metrics;
    this.worker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            task -> {
              Thread thread = new Thread(task, "stowage-events");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Tells something; returns at once.
   *
   * @param reason one word in CamelCase, the same for all that belong to the series
   * @param message one sentence
   */
  public void warn(Subject subject, String reason, String message) {
    if (forbidden) {
      return;
    }
    Key key = new Key(subject, reason);
    synchronized (bySubject) {
      Series series = bySubject.computeIfAbsent(key, added -> new Series());
      series.last = Instant.now().truncatedTo(ChronoUnit.SECONDS);
      if (series.count++ == 0) {
        series.first = series.last;
      }
      series.message =
          message.length() <= MESSAGE_CHARS ? message : message.substring(0, MESSAGE_CHARS);
      if (series.waiting) {
        return;
      }
      if (!writes.tryConsume(1)) {
        metrics.event("dropped");
        return;
      }
      try {
        worker.execute(() -> write(key, series));
        series.waiting = true;
      } catch (RejectedExecutionException e) {
        metrics.event("dropped");
      }
    }
  }

  private void write(Key key, Series series) {
    Event event;
    synchronized (bySubject) {
      series.waiting = false;
      event = event(key, series);
    }
    try {
      if (series.name.isEmpty() || !raise(series.name, event)) {
        series.name = create(event);
      }
      metrics.event("written");
    } catch (KubernetesClientException e) {
      metrics.event("failed");
      if (e.getCode() == FORBIDDEN) {
        forbidden = true;
        LOG.warn("Events are not written any more, the right to create and patch them is missing");
      } else {
        LOG.debug("an Event could not be written: {}", e.toString());
      }
    }
  }

  private Event event(Key key, Series series) {
    Subject subject = key.subject();
    return new EventBuilder()
        .withNewMetadata()
        .withGenerateName(subject.name() + ".")
        .withNamespace(subject.eventNamespace())
        .endMetadata()
        .withNewInvolvedObject()
        .withApiVersion("v1")
        .withKind(subject.kind())
        .withNamespace(subject.namespace().isEmpty() ? null : subject.namespace())
        .withName(subject.name())
        .withUid(subject.uid())
        .endInvolvedObject()
        .withType("Warning")
        .withReason(key.reason())
        .withMessage(series.message)
        .withCount(series.count)
        .withFirstTimestamp(series.first.toString())
        .withLastTimestamp(series.last.toString())
        .withNewSource()
        .withComponent(COMPONENT)
        .endSource()
        .withReportingComponent(COMPONENT)
        .build();
  }

  private String create(Event event) {
    return client.v1().events().resource(event).create().getMetadata().getName();
  }

  /** Raises the count of an Event; tells whether there still is one, for they expire. */
  private boolean raise(String name, Event event) {
    Event changed =
        new EventBuilder()
            .withCount(event.getCount())
            .withLastTimestamp(event.getLastTimestamp())
            .withMessage(event.getMessage())
            .build();
    try {
      client
          .v1()
          .events()
          .inNamespace(event.getMetadata().getNamespace())
          .withName(name)
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              client.getKubernetesSerialization().asJson(changed));
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  /** Stops; what waits is not written. */
  @Override
  public void close() {
    worker.shutdownNow();
  }
}
