package io.stowage.extender.bind;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Has one pod and fails as told: the faults that a real API server shows only now and then. What it
 * does without a fault is checked on a real one.
 */
final class FaultyApiServer implements AutoCloseable {

  /** What happens to the next binding. */
  enum Fault {
    /** It is accepted and answered. */
    NONE,
    /** It is accepted, and no answer comes. */
    SILENT_BUT_BOUND,
    /** It is not accepted, and no answer comes. */
    SILENT,
    /** It is accepted and answered with 500. */
    ERROR_BUT_BOUND,
    /** It is refused with 500. */
    ERROR,
    /** It is refused with 409. */
    CONFLICT,
    /** It is refused with 429. */
    THROTTLED,
    /** It is refused with 429 for longer than anybody waits. */
    THROTTLED_LONG,
    /** It is refused with 503. */
    UNAVAILABLE,
    /** It is refused with 504. */
    GATEWAY_TIMEOUT,
    /** Its connection is cut after it was accepted. */
    CUT_BUT_BOUND,
    /** It is refused with 422 by the fence's policy. */
    FENCED_OFF,
    /** It is refused with 403. */
    FORBIDDEN
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Queue<Fault> faults = new ArrayDeque<>();
  private final List<Long> arrivals = Collections.synchronizedList(new ArrayList<>());
  private final List<String> bindings = Collections.synchronizedList(new ArrayList<>());
  private @Nullable String uid;
  private String nodeName = "";
  private boolean reachable = true;

  FaultyApiServer(String uid) throws IOException {
    this.uid = uid;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Makes the next bindings fail, one after the other. */
  synchronized void fail(Fault... next) {
    Collections.addAll(faults, next);
  }

  /** Gives the pod another UID, null for no pod at all. */
  synchronized void replacePod(@Nullable String newUid) {
    uid = newUid;
  }

  /** Binds the pod as someone else. */
  synchronized void bindTo(String node) {
    nodeName = node;
  }

  /** Lets reads of the pod answer, or not. */
  synchronized void readable(boolean answers) {
    reachable = answers;
  }

  /** Returns the bodies of all bindings received. */
  List<String> bindings() {
    return List.copyOf(bindings);
  }

  /** Returns the times between the bindings received, in milliseconds. */
  List<Long> pausesMillis() {
    List<Long> pauses = new ArrayList<>();
    for (int i = 1; i < arrivals.size(); i++) {
      pauses.add((arrivals.get(i) - arrivals.get(i - 1)) / 1_000_000);
    }
    return pauses;
  }

  synchronized String nodeName() {
    return nodeName;
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (exchange.getRequestMethod().equals("POST")) {
      bindings.add(body);
      arrivals.add(System.nanoTime());
      bind(exchange, body);
    } else {
      read(exchange);
    }
  }

  private synchronized void read(HttpExchange exchange) throws IOException {
    if (!reachable) {
      return;
    }
    if (uid == null) {
      answer(exchange, 404, status(404, "pods \"p\" not found"));
      return;
    }
    answer(
        exchange,
        200,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\""
            + uid
            + "\"},\"spec\":{"
            + (nodeName.isEmpty() ? "" : "\"nodeName\":\"" + nodeName + "\"")
            + "}}");
  }

  private synchronized void bind(HttpExchange exchange, String body) throws IOException {
    Fault fault = faults.isEmpty() ? Fault.NONE : faults.remove();
    if (uid == null) {
      answer(exchange, 404, status(404, "pods \"p\" not found"));
      return;
    }
    if (!body.contains("\"uid\":\"" + uid + "\"") || !nodeName.isEmpty()) {
      answer(exchange, 409, status(409, "the object has been modified"));
      return;
    }
    switch (fault) {
      case NONE -> {
        accept(body);
        answer(exchange, 201, status(201, ""));
      }
      case SILENT_BUT_BOUND -> accept(body);
      case SILENT -> {}
      case ERROR_BUT_BOUND -> {
        accept(body);
        answer(exchange, 500, status(500, "etcdserver: request timed out"));
      }
      case ERROR -> answer(exchange, 500, status(500, "etcdserver: no leader"));
      case CONFLICT -> answer(exchange, 409, status(409, "please try again"));
      case THROTTLED -> {
        exchange.getResponseHeaders().add("Retry-After", "1");
        answer(exchange, 429, status(429, "too many requests"));
      }
      case THROTTLED_LONG -> {
        exchange.getResponseHeaders().add("Retry-After", "60");
        answer(exchange, 429, "Too many requests, please try again later.");
      }
      case UNAVAILABLE -> answer(exchange, 503, status(503, "shutting down"));
      case GATEWAY_TIMEOUT -> answer(exchange, 504, status(504, "request did not complete"));
      case CUT_BUT_BOUND -> {
        accept(body);
        exchange.close();
      }
      case FENCED_OFF ->
          answer(
              exchange,
              422,
              status(
                  422,
                  "pods p is forbidden: ValidatingAdmissionPolicy 'stowage-fence' with binding"
                      + " 'stowage-fence' denied request: Stowage fence: epoch 0 is older than 1"));
      case FORBIDDEN -> answer(exchange, 403, status(403, "may not create pods/binding"));
    }
  }

  private void accept(String body) {
    nodeName = body.replaceAll("(?s).*\"target\":\\{[^}]*\"name\":\"([^\"]*)\".*", "$1");
  }

  private static String status(int code, String message) {
    return "{\"apiVersion\":\"v1\",\"kind\":\"Status\",\"code\":"
        + code
        + ",\"message\":\""
        + message
        + "\"}";
  }

  private static void answer(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
