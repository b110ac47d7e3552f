package io.stowage.extender.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.stowage.extender.kube.InvalidObjectException;

/** Takes what a watch sees of one kind of object, in the order in which it happened. */
interface Feed<T extends HasMetadata> {

  /**
   * Takes in an object as it is now; may be told the same again.
   *
   * @throws InvalidObjectException where it cannot be understood and is left as it was
   */
  void put(T object) throws InvalidObjectException;

  /**
   * Takes in that an object is gone.
   *
   * @param identity an object with name, namespace and UID at least
   */
  void remove(T identity);

  /**
   * Takes in that a list did not show an object any more, whose end the watch has not seen.
   *
   * @param identity an object with name, namespace, UID and the version that was last seen
   */
  default void lose(T identity) {
    remove(identity);
  }
}
