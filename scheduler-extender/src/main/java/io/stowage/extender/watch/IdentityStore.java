package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An informer's store that keeps no object, only who it is: name, namespace, UID and resource
 * version. That is what telling an update from an addition and finding what is gone takes.
 */
final class IdentityStore<T extends HasMetadata> implements ItemStore<T> {
  private final Supplier<T> empty;
  private final Runnable onPut;
  private final Map<String, T> byKey = new ConcurrentHashMap<>();

  /**
   * Creates a store.
   *
   * @param empty creates an object without metadata
   * @param onPut is run whenever an object comes, known or not
   */
  IdentityStore(Supplier<T> empty, Runnable onPut) {
    this.empty = empty;
    this.onPut = onPut;
  }

  @Override
  public String getKey(T object) {
    ObjectMeta metadata = object.getMetadata();
    return metadata.getNamespace() == null
        ? metadata.getName()
        : metadata.getNamespace() + "/" + metadata.getName();
  }

  @Override
  public @Nullable T put(String key, T object) {
    onPut.run();
    ObjectMeta metadata = object.getMetadata();
    T identity = empty.get();
    identity.setMetadata(
        new ObjectMetaBuilder()
            .withName(metadata.getName())
            .withNamespace(metadata.getNamespace())
            .withUid(metadata.getUid())
            .withResourceVersion(metadata.getResourceVersion())
            .build());
    return byKey.put(key, identity);
  }

  /** Forgets every resource version, so that whatever is put next differs from what is known. */
  void forgetVersions() {
    byKey.values().forEach(identity -> identity.getMetadata().setResourceVersion(null));
  }

  @Override
  public @Nullable T remove(String key) {
    return byKey.remove(key);
  }

  @Override
  public Stream<String> keySet() {
    return byKey.keySet().stream();
  }

  @Override
  public Stream<T> values() {
    return byKey.values().stream();
  }

  @Override
  public int size() {
    return byKey.size();
  }

  @Override
  public @Nullable T get(String key) {
    return byKey.get(key);
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
