package io.stowage.extender.check;

import tools.jackson.databind.JsonNode;

/**
 * One Kubernetes object that somebody would apply.
 *
 * @param where the file with the number of the document, and of the item in a list
 * @param apiVersion its API group and version
 * @param kind its kind
 * @param namespace its namespace, {@code default} where none is said
 * @param name its name, or what its name is made from; empty where neither is said
 * @param object all of it
 */
public record Manifest(
    String where, String apiVersion, String kind, String namespace, String name, JsonNode object) {

  /** Returns the group of its API, empty for the core one. */
  String group() {
    int slash = apiVersion.indexOf('/');
    return slash < 0 ? "" : apiVersion.substring(0, slash);
  }
}
