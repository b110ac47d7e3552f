package io.stowage.core.cluster;

/**
 * One pod, by what a scheduler needs to know of it.
 *
 * @param uid its unique identity; a pod recreated under the same name has another
 * @param namespace its namespace
 * @param name its name
 * @param shape what it asks for
 * @param priority its priority; higher goes first
 */
public record Pod(String uid, String namespace, String name, PodShape shape, int priority) {

  /** Throws IllegalArgumentException where {@code uid} is empty. */
  public Pod {
    if (uid.isEmpty()) {
      throw new IllegalArgumentException("pod " + namespace + "/" + name + " has no UID");
    }
  }
}
