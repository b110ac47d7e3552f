package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.metrics.ServiceMetrics;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one kind of object and feeds it, for as long as it is open.
 *
 * <p>An informer lists and watches, and tries again by itself. Where it shows no sign of life for a
 * while (no watch, no object, no failed attempt), it is replaced: fabric8's gives up without a word
 * when starting a list throws, and asks for a version that is gone for ever where the watch's
 * handshake is answered with 410. The new one lists everything anew, and what was deleted meanwhile
 * is removed.
 */
final class ResourceWatch<T extends HasMetadata> implements AutoCloseable {
  /**
   * How long an informer may be silent without a watch: longer than a page of a list is tried for.
   */
  static final Duration SILENCE = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(ResourceWatch.class);

  private final String kind;
  private final Supplier<SharedIndexInformer<T>> informers;
  private final IdentityStore<T> store;
  private final Feed<T> feed;
  private final Runnable onListed;
  private final ServiceMetrics metrics;
  private final LongSupplier nanoClock;
  private volatile long lastSignNanos;
  private volatile boolean closed;
  private @Nullable SharedIndexInformer<T> informer;
  private long upNanos;

  /**
   * Creates a watch that has not begun.
   *
   * @param kind what is followed, in the plural, as logs and metrics call it
   * @param informers makes an informer that is not started, always the same
   * @param empty makes an object without metadata
   * @param onListed is run when everything was listed and fed, at first and after each gap
   * @param nanoClock a monotonic clock in nanoseconds
   */
  ResourceWatch(
      String kind,
      Supplier<SharedIndexInformer<T>> informers,
      Supplier<T> empty,
      Feed<T> feed,
      Runnable onListed,
      ServiceMetrics metrics,
      LongSupplier nanoClock) {
    this.kind = kind;
    this.informers = informers;
    this.store = new IdentityStore<>(empty, this::showsLife);
    this.feed = feed;
    this.onListed = onListed;
    this.metrics = metrics;
    this.nanoClock = nanoClock;
  }

  String kind() {
    return kind;
  }

  /** Begins to follow; returns at once. */
  synchronized void start() {
    lastSignNanos = nanoClock.getAsLong();
    upNanos = lastSignNanos;
    SharedIndexInformer<T> started = informers.get();
    informer = started;
    // The handler first: it would be told what the store has, which is identities alone.
    started
        .addEventHandler(new Handler())
        .itemStore(store)
        .exceptionHandler((everListed, failure) -> tryAgain(failure))
        .start();
  }

  private boolean tryAgain(Throwable failure) {
    showsLife();
    if (!closed) {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      LOG.warn("{} cannot be listed or watched, trying again: {}", kind, cause.toString());
    }
    return true;
  }

  private void showsLife() {
    lastSignNanos = nanoClock.getAsLong();
  }

  /**
   * Looks after the informer: tells the metrics whether it watches, and replaces it where it shows
   * no sign of life. Returns for how long there has been no watch.
   */
  synchronized Duration check() {
    long now = nanoClock.getAsLong();
    SharedIndexInformer<T> current = informer;
    boolean up = current != null && current.isWatching();
    metrics.watchUp(kind, up);
    if (up) {
      upNanos = now;
      lastSignNanos = now;
    } else if (current != null && now - lastSignNanos > SILENCE.toNanos()) {
      replace(current);
    }
    return Duration.ofNanos(now - upNanos);
  }

  private void replace(SharedIndexInformer<T> dead) {
    LOG.warn("the watch of {} shows no sign of life, listing anew", kind);
    metrics.watchReplaced(kind);
    dead.stop();
    long upBefore = upNanos;
    // What was put but not fed would otherwise count as known.
    store.forgetVersions();
    start();
    upNanos = upBefore;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (informer != null) {
      informer.stop();
      informer = null;
    }
  }

  /** Feeds what the informer tells. */
  private final class Handler implements ResourceEventHandler<T> {

    @Override
    public void onAdd(T object) {
      try {
        feed.put(object);
      } catch (InvalidObjectException e) {
        metrics.unreadableObject(kind);
        LOG.warn("{}: {} is left as it was: {}", kind, nameOf(object), e.getMessage());
      } catch (RuntimeException e) {
        metrics.unreadableObject(kind);
        LOG.error("{}: {} is left as it was", kind, nameOf(object), e);
      }
    }

    @Override
    public void onUpdate(T before, T object) {
      String uidBefore = before.getMetadata().getUid();
      if (uidBefore != null && !uidBefore.equals(object.getMetadata().getUid())) {
        feed.remove(before);
      }
      onAdd(object);
    }

    @Override
    public void onDelete(T object, boolean finalStateUnknown) {
      if (finalStateUnknown) {
        feed.lose(object);
      } else {
        feed.remove(object);
      }
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      LOG.debug("{} listed", kind);
      onListed.run();
    }
  }

  private static String nameOf(HasMetadata object) {
    ObjectMeta metadata = object.getMetadata();
    return metadata.getNamespace() == null
        ? metadata.getName()
        : metadata.getNamespace() + "/" + metadata.getName();
  }
}
