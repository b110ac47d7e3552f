package io.stowage.extender.rights;

import java.util.List;

/**
 * What the service must be allowed to do with a resource.
 *
 * @param apiGroup the resource's API group, empty for the core one
 * @param resource the resource in the plural, with its subresource: {@code pods/binding}
 * @param verbs what is done with it
 * @param namespace where, empty for everywhere
 * @param name the one object that it is about, empty for all
 * @param shippedIn the object of the shipped rules that gives it
 * @param shippedFile the file of the shipped rules, below {@code deploy/local}
 * @param neededFor what it is for, as it reads after "needed for"; the setting's name where one
 *     turns it off
 */
public record Right(
    String apiGroup,
    String resource,
    List<String> verbs,
    String namespace,
    String name,
    String shippedIn,
    String shippedFile,
    String neededFor) {
  private static final String RULES = "rbac.yaml";

  /** Copies {@code verbs}. */
  public Right {
    verbs = List.copyOf(verbs);
  }

  /** Returns a right that the shipped ClusterRole gives. */
  static Right everywhere(String apiGroup, String resource, String neededFor, String... verbs) {
    return new Right(
        apiGroup, resource, List.of(verbs), "", "", "ClusterRole stowage", RULES, neededFor);
  }

  /** Returns a right in one namespace, which the shipped Role of that name gives. */
  static Right in(
      String namespace,
      String role,
      String apiGroup,
      String resource,
      String neededFor,
      String... verbs) {
    return new Right(
        apiGroup,
        resource,
        List.of(verbs),
        namespace,
        "",
        "Role " + role + " of namespace " + namespace,
        RULES,
        neededFor);
  }

  /** Returns the same for one object alone. */
  Right named(String objectName) {
    return new Right(
        apiGroup, resource, verbs, namespace, objectName, shippedIn, shippedFile, neededFor);
  }

  /** Returns the same, which another ClusterRole in another file of the shipped rules gives. */
  Right shippedIn(String clusterRole, String file) {
    return new Right(
        apiGroup, resource, verbs, namespace, name, "ClusterRole " + clusterRole, file, neededFor);
  }

  /** Says what is missing, what it is for and where the shipped rules have it. */
  String sentence(List<String> missingVerbs) {
    return "the account may not "
        + String.join(", ", missingVerbs)
        + " "
        + resource
        + (name.isEmpty() ? "" : " " + name)
        + " (API group \""
        + apiGroup
        + "\", "
        + (namespace.isEmpty() ? "all namespaces" : "namespace " + namespace)
        + "), needed for "
        + neededFor
        + "; "
        + shippedIn
        + " in deploy/local/"
        + shippedFile
        + " has the rule";
  }
}
