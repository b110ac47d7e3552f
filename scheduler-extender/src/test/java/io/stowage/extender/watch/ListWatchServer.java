package io.stowage.extender.watch;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lists and watches what a test puts there as an API server does: in pages, by WebSocket, from a
 * resource version on, by phase, and with 410 for versions that were compacted; with the faults
 * that the test wants.
 */
final class ListWatchServer implements AutoCloseable {
  private static final String GONE =
      "{\"type\":\"ERROR\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Status\",\"status\":\"Failure\","
          + "\"reason\":\"Expired\",\"code\":410,\"message\":\"too old resource version\"}}";

  /** What is listed and watched. */
  enum Kind {
    NODE("/api/v1/nodes", "Node"),
    POD("/api/v1/pods", "Pod"),
    CLAIM("/api/v1/persistentvolumeclaims", "PersistentVolumeClaim"),
    CONFIG_MAP("/api/v1/namespaces/kube-system/configmaps", "ConfigMap");

    private final String path;
    private final String name;

    Kind(String path, String name) {
      this.path = path;
      this.name = name;
    }
  }

  /** An object as it is at some version. */
  private record Stored(String json, String phase) {
    boolean matches(String selector) {
      return switch (selector) {
        case "" -> true;
        case "status.phase=Failed" -> phase.equals("Failed");
        default -> !selector.contains("status.phase!=" + phase);
      };
    }
  }

  /** A change of an object. */
  private record Change(long version, Kind kind, @Nullable Stored before, @Nullable Stored after) {
    /** Returns the event that a watch with this selector sees, null where it sees none. */
    @Nullable String event(String selector) {
      boolean was = before != null && before.matches(selector);
      boolean is = after != null && after.matches(selector);
      if (!was && !is) {
        return null;
      }
      Stored shown = after == null ? before : after;
      return "{\"type\":\"%s\",\"object\":%s}"
          .formatted(
              is ? (was ? "MODIFIED" : "ADDED") : "DELETED", shown == null ? "" : shown.json());
    }
  }

  /** A watch that is open. */
  private record Watcher(Kind kind, String selector, ServerWebSocket socket) {}

  private final Vertx vertx = Vertx.vertx();
  private final HttpServer server;
  private final Map<Kind, Map<String, Stored>> objects = new HashMap<>();
  private final List<Change> changes = new ArrayList<>();
  private final List<Watcher> watchers = new ArrayList<>();
  private final List<String> listQueries = new ArrayList<>();
  private volatile CountDownLatch podLists = new CountDownLatch(0);
  private long version = 100;
  private long compacted;
  private int failures;
  private int failureStatus;
  private int expiredContinues;
  private boolean goneAsStatus;

  ListWatchServer() {
    Arrays.stream(Kind.values()).forEach(kind -> objects.put(kind, new TreeMap<>()));
    server = vertx.createHttpServer().requestHandler(this::handle);
    server.listen(0, "127.0.0.1").toCompletionStage().toCompletableFuture().join();
  }

  int port() {
    return server.actualPort();
  }

  /** Answers the next requests, lists and watches, with a status. */
  synchronized void fail(int times, int status) {
    failures = times;
    failureStatus = status;
  }

  /** Answers the next requests for a further page with 410. */
  synchronized void expireContinues(int times) {
    expiredContinues = times;
  }

  /** Answers watches from a compacted version with status 410 instead of an event. */
  synchronized void tellGoneByStatus(boolean byStatus) {
    goneAsStatus = byStatus;
  }

  /** Holds the lists of pods back until the latch is open. */
  void holdPodLists(CountDownLatch latch) {
    podLists = latch;
  }

  /** Forgets the changes up to now: watches from before get 410. */
  synchronized void compact() {
    compacted = ++version;
  }

  synchronized void putNode(String name, String uid, String allocatable) {
    put(
        Kind.NODE,
        name,
        "\"uid\":\"" + uid + "\"",
        "\"status\":{\"allocatable\":{" + allocatable + "}}",
        "");
  }

  /** Puts a pod of namespace ns that asks for CPU, in phase Running. */
  void putPod(String name, String uid, String node, String cpu) {
    putPod(name, uid, "", node, "\"requests\":{\"cpu\":\"" + cpu + "\"}", "\"phase\":\"Running\"");
  }

  /**
   * Puts a pod of namespace ns.
   *
   * @param metadata further members of its metadata, each with a comma before it
   * @param status members of its status, the phase first
   */
  void putPod(
      String name, String uid, String metadata, String node, String resources, String status) {
    String phase = status.replaceAll("^\"phase\":\"([A-Za-z]*)\".*", "$1");
    put(
        Kind.POD,
        name,
        "\"namespace\":\"ns\",\"uid\":\"" + uid + "\"" + metadata,
        "\"spec\":{\"nodeName\":\"%s\",\"containers\":[{\"name\":\"c\",\"resources\":{%s}}]},\"status\":{%s}"
            .formatted(node, resources, status),
        phase);
  }

  synchronized void put(Kind kind, String name, String metadata, String members, String phase) {
    long now = ++version;
    Stored after =
        new Stored(
            "{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\",\"resourceVersion\":\"%d\",%s},%s}"
                .formatted(kind.name, name, now, metadata, members),
            phase);
    change(new Change(now, kind, byName(kind).put(name, after), after));
  }

  synchronized void remove(Kind kind, String name) {
    change(new Change(++version, kind, byName(kind).remove(name), null));
  }

  private Map<String, Stored> byName(Kind kind) {
    return objects.getOrDefault(kind, Map.of());
  }

  private void change(Change change) {
    changes.add(change);
    for (Watcher watcher : watchers) {
      tell(watcher, change);
    }
  }

  private static void tell(Watcher watcher, Change change) {
    String event = watcher.kind() == change.kind() ? change.event(watcher.selector()) : null;
    if (event != null) {
      watcher.socket().writeTextMessage(event);
    }
  }

  /** Tells the watches of a kind the current version, as API servers do now and then. */
  synchronized void bookmark(Kind kind) {
    tellAll(
        kind,
        "{\"type\":\"BOOKMARK\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{\"resourceVersion\":\"%d\"}}}"
            .formatted(kind.name, ++version));
  }

  /** Tells the watches of a kind that their version is too old. */
  synchronized void tellGone(Kind kind) {
    tellAll(kind, GONE);
  }

  private void tellAll(Kind kind, String message) {
    watchers.stream()
        .filter(watcher -> watcher.kind() == kind)
        .forEach(watcher -> watcher.socket().writeTextMessage(message));
  }

  /** Cuts the watches of a kind in the middle of an event. */
  synchronized void cut(Kind kind) {
    for (Watcher watcher : List.copyOf(watchers)) {
      if (watcher.kind() == kind) {
        watchers.remove(watcher);
        watcher
            .socket()
            .writeFrame(
                WebSocketFrame.textFrame("{\"type\":\"ADDED\",\"object\":{\"apiVers", false))
            .onComplete(written -> watcher.socket().close((short) 1011));
      }
    }
  }

  /** Returns how many watches of a kind are open. */
  synchronized long watches(Kind kind) {
    return watchers.stream().filter(watcher -> watcher.kind() == kind).count();
  }

  /** Returns the queries of all lists of a kind, each page being one. */
  synchronized List<String> listQueries(Kind kind) {
    return listQueries.stream()
        .filter(query -> query.startsWith(kind.path + "?"))
        .map(query -> query.substring(kind.path.length() + 1))
        .toList();
  }

  private void handle(HttpServerRequest request) {
    Kind kind =
        Stream.of(Kind.values())
            .filter(k -> k.path.equals(request.path()))
            .findFirst()
            .orElseThrow();
    int status = takeFailure();
    if (status != 0) {
      request.response().setStatusCode(status).end();
    } else if ("true".equals(request.getParam("watch"))) {
      watch(request, kind);
    } else if (kind == Kind.POD) {
      vertx
          .executeBlocking(
              () -> {
                podLists.await();
                return kind;
              },
              false)
          .onSuccess(released -> list(request, kind));
    } else {
      list(request, kind);
    }
  }

  private synchronized int takeFailure() {
    if (failures == 0) {
      return 0;
    }
    failures--;
    return failureStatus;
  }

  private void watch(HttpServerRequest request, Kind kind) {
    long from = Long.parseLong(request.getParam("resourceVersion"));
    synchronized (this) {
      if (from < compacted && goneAsStatus) {
        request.response().setStatusCode(410).end();
        return;
      }
    }
    String selector = parameter(request, "fieldSelector");
    request.toWebSocket().onSuccess(socket -> open(new Watcher(kind, selector, socket), from));
  }

  private synchronized void open(Watcher watcher, long from) {
    if (from < compacted) {
      watcher.socket().writeTextMessage(GONE);
      return;
    }
    watchers.add(watcher);
    watcher.socket().closeHandler(closed -> forget(watcher));
    changes.stream()
        .filter(change -> change.version() > from)
        .forEach(change -> tell(watcher, change));
  }

  private synchronized void forget(Watcher watcher) {
    watchers.remove(watcher);
  }

  private synchronized void list(HttpServerRequest request, Kind kind) {
    listQueries.add(request.path() + "?" + request.query());
    String token = parameter(request, "continue");
    String after = token.replaceAll("^[0-9]*:", "");
    if (!token.isEmpty() && expiredContinues > 0) {
      expiredContinues--;
      request.response().setStatusCode(410).end();
      return;
    }
    int limit = Integer.parseInt(request.getParam("limit"));
    List<String> rest =
        byName(kind).entrySet().stream()
            .filter(entry -> entry.getKey().compareTo(after) > 0)
            .filter(entry -> entry.getValue().matches(parameter(request, "fieldSelector")))
            .map(Map.Entry::getKey)
            .toList();
    List<String> page = rest.subList(0, Math.min(limit, rest.size()));
    String listed = token.isEmpty() ? Long.toString(version) : token.replaceAll(":.*$", "");
    String further = page.size() < rest.size() ? listed + ":" + page.get(page.size() - 1) : "";
    request
        .response()
        .putHeader("Content-Type", "application/json")
        .end(
            "{\"apiVersion\":\"v1\",\"kind\":\"%sList\",\"metadata\":{\"resourceVersion\":\"%s\",\"continue\":\"%s\"},\"items\":[%s]}"
                .formatted(
                    kind.name,
                    listed,
                    further,
                    String.join(
                        ",",
                        byName(kind).entrySet().stream()
                            .filter(entry -> page.contains(entry.getKey()))
                            .map(entry -> entry.getValue().json())
                            .toList())));
  }

  private static String parameter(HttpServerRequest request, String name) {
    String value = request.getParam(name);
    return value == null ? "" : value;
  }

  @Override
  public void close() {
    podLists.countDown();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
