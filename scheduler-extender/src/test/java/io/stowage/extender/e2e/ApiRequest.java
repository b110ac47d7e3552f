package io.stowage.extender.e2e;

import java.util.List;

/**
 * A request to the API server.
 *
 * @param what method and resource, such as "POST pods/binding", "LIST pods", "WATCH nodes"
 * @param path without the query
 */
record ApiRequest(String what, String path) {

  static ApiRequest of(String method, String path, boolean watch) {
    List<String> parts = List.of(path.split("/", -1));
    // /api/VERSION/… or /apis/GROUP/VERSION/…; what is elsewhere has no resource
    int start = path.startsWith("/apis/") ? 4 : path.startsWith("/api/") ? 3 : parts.size();
    List<String> rest = parts.subList(Math.min(start, parts.size()), parts.size());
    if (rest.size() > 2 && rest.get(0).equals("namespaces")) {
      rest = rest.subList(2, rest.size());
    }
    String resource =
        rest.isEmpty() ? path : rest.size() > 2 ? rest.get(0) + "/" + rest.get(2) : rest.get(0);
    String verb = watch ? "WATCH" : method.equals("GET") && rest.size() == 1 ? "LIST" : method;
    return new ApiRequest(verb + " " + resource, path);
  }

  boolean isBinding() {
    return what.equals("POST pods/binding");
  }

  boolean isWatch() {
    return what.startsWith("WATCH ");
  }

  boolean isWrite() {
    return !isWatch() && !what.startsWith("GET ") && !what.startsWith("LIST ");
  }
}
