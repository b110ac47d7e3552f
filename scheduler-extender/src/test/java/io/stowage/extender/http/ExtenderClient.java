package io.stowage.extender.http;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls the service as kube-scheduler does. */
public final class ExtenderClient {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final HttpClient client = HttpClient.newHttpClient();
  private final String prefix;

  /** Creates a client of the service on a loopback port. */
  public ExtenderClient(int port) {
    this.prefix = "http://127.0.0.1:" + port;
  }

  /** Posts a body to a verb and returns the whole answer. */
  public HttpResponse<String> post(String verb, String body) {
    return postTo("/scheduler/" + verb, body);
  }

  /** Posts a body to a path. */
  public HttpResponse<String> postTo(String path, String body) {
    return send(
        HttpRequest.newBuilder(URI.create(prefix + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  /** Gets a path. */
  public HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(URI.create(prefix + path)).GET().build());
  }

  /** Posts a body to a verb, which must be answered with 200, and returns the JSON. */
  public JsonNode call(String verb, String body) {
    HttpResponse<String> response = post(verb, body);
    if (response.statusCode() != 200) {
      throw new AssertionError(
          verb + " answered " + response.statusCode() + ": " + response.body());
    }
    return MAPPER.readTree(response.body());
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(request + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
