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
  private final Map<String, T> byKey = new ConcurrentHashMap<>();

  /** Creates a store; {@code empty} creates an object without metadata. */
  IdentityStore(Supplier<T> empty) {
    this.empty = empty;
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
