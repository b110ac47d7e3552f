package io.stowage.extender.events;

/**
 * The object that an Event is about.
 *
 * @param kind its kind, of API group core, version v1
 * @param namespace its namespace, empty for an object without one
 * @param name its name
 * @param uid its UID
 */
public record Subject(String kind, String namespace, String name, String uid) {

  /**
   * Returns a node. As in the kubelet's own Events its name stands for its UID, so that {@code
   * kubectl describe node} shows them also after the node was created anew.
   */
  public static Subject node(String name) {
    return new Subject("Node", "", name, name);
  }

  /** Returns a pod. */
  public static Subject pod(String namespace, String name, String uid) {
    return new Subject("Pod", namespace, name, uid);
  }

  /** Returns the namespace that Events about it live in. */
  String eventNamespace() {
    return namespace.isEmpty() ? "default" : namespace;
  }
}
