package io.stowage.extender.watch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Lists and watches what a test puts there, in the order and with the faults that it wants. */
final class ListWatchServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, String> nodes = new LinkedHashMap<>();
  private final Map<String, String> pods = new LinkedHashMap<>();
  private final List<HttpExchange> podWatches = new ArrayList<>();
  private final List<String> podQueries = Collections.synchronizedList(new ArrayList<>());
  private volatile CountDownLatch podLists = new CountDownLatch(0);
  private int failures;
  private int version = 100;

  ListWatchServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/api/v1/nodes", exchange -> handle(exchange, "Node", nodes));
    server.createContext("/api/v1/pods", exchange -> handle(exchange, "Pod", pods));
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Lets the next requests fail with 500. */
  synchronized void fail(int times) {
    failures = times;
  }

  /** Holds the lists of pods back until the latch is open. */
  void holdPodLists(CountDownLatch latch) {
    podLists = latch;
  }

  synchronized void putNode(String name, String allocatable) {
    nodes.put(
        name,
        "{\"metadata\":{\"name\":\"%s\",\"resourceVersion\":\"%d\"},\"status\":{\"allocatable\":{%s}}}"
            .formatted(name, ++version, allocatable));
  }

  /** Puts a pod that later lists have and that the watches are not told of. */
  synchronized String putPod(String name, String uid, String node, String cpu) {
    String pod =
        ("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\","
                + "\"uid\":\"%s\",\"resourceVersion\":\"%d\"},\"spec\":{\"nodeName\":\"%s\","
                + "\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"%s\"}}}]}}")
            .formatted(name, uid, ++version, node, cpu);
    pods.put(name, pod);
    return pod;
  }

  /** Removes a pod from later lists. */
  synchronized void removePod(String name) {
    pods.remove(name);
  }

  /** Tells every watch of pods an event. */
  synchronized void tell(String type, String object) throws IOException {
    for (HttpExchange watch : podWatches) {
      OutputStream out = watch.getResponseBody();
      out.write(
          ("{\"type\":\"" + type + "\",\"object\":" + object + "}\n")
              .getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  /** Tells every watch of pods that its version is too old, and ends it. */
  synchronized void tellGone() throws IOException {
    tell(
        "ERROR",
        "{\"apiVersion\":\"v1\",\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410,"
            + "\"message\":\"too old resource version\"}");
    podWatches.forEach(HttpExchange::close);
    podWatches.clear();
  }

  synchronized int podWatches() {
    return podWatches.size();
  }

  List<String> podQueries() {
    return List.copyOf(podQueries);
  }

  private void handle(HttpExchange exchange, String kind, Map<String, String> objects)
      throws IOException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    exchange.getRequestBody().readAllBytes();
    if (takeFailure()) {
      exchange.sendResponseHeaders(500, -1);
      exchange.close();
      return;
    }
    if (query.contains("watch=true")) {
      watch(exchange, kind);
      return;
    }
    if (kind.equals("Pod")) {
      podQueries.add(query);
      try {
        podLists.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    list(exchange, kind, objects);
  }

  private synchronized boolean takeFailure() {
    if (failures == 0) {
      return false;
    }
    failures--;
    return true;
  }

  private synchronized void watch(HttpExchange exchange, String kind) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().flush();
    if (kind.equals("Pod")) {
      podWatches.add(exchange);
    }
  }

  private synchronized void list(HttpExchange exchange, String kind, Map<String, String> objects)
      throws IOException {
    byte[] body =
        "{\"apiVersion\":\"v1\",\"kind\":\"%sList\",\"metadata\":{\"resourceVersion\":\"%d\"},\"items\":[%s]}"
            .formatted(kind, version, String.join(",", objects.values()))
            .getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    podLists.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
