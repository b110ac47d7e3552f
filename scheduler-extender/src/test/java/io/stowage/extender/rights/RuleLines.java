package io.stowage.extender.rights;

import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import java.util.ArrayList;
import java.util.List;

/** Rules of roles, a line for each thing that may be done, to be compared. */
final class RuleLines {
  private RuleLines() {}

  /**
   * Returns the lines of a rule.
   *
   * @param in where it holds
   */
  static List<String> of(String in, PolicyRule rule) {
    List<String> names = rule.getResourceNames().isEmpty() ? List.of("") : rule.getResourceNames();
    List<String> lines = new ArrayList<>();
    for (String group : rule.getApiGroups()) {
      for (String resource : rule.getResources()) {
        for (String name : names) {
          for (String verb : rule.getVerbs()) {
            lines.add(line(in, group, resource, name, verb));
          }
        }
      }
    }
    return lines;
  }

  /** Returns the lines of a right. */
  static List<String> of(String in, Right right) {
    return right.verbs().stream()
        .map(verb -> line(in, right.apiGroup(), right.resource(), right.name(), verb))
        .toList();
  }

  private static String line(String in, String group, String resource, String name, String verb) {
    return in + ": " + verb + " " + resource + "." + group + " " + name;
  }
}
