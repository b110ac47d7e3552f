package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Single requests to the API server, each with a time limit of its own and never repeated; what it
 * answers is told with its Retry-After. Thread-safe.
 */
public final class ApiRequests {
  private static final int MESSAGE_LENGTH = 300;

  private final KubernetesClient client;
  private final boolean newConnections;

  /**
   * Creates the way to an API server.
   *
   * @param newConnections whether each request gets a connection of its own, which a load balancer
   *     may send to another API server; needs a client without HTTP/2
   */
  public ApiRequests(KubernetesClient client, boolean newConnections) {
    this.client = client;
    this.newConnections = newConnections;
  }

  /**
   * Reads something.
   *
   * @param path from the server's root on
   * @throws IOException where no answer came within the time limit
   */
  public ApiAnswer get(String path, Duration timeLimit) throws IOException {
    return send(request(path), timeLimit);
  }

  /**
   * Creates something.
   *
   * @param path from the server's root on
   * @throws IOException where no answer came within the time limit; what was asked may have been
   *     done, unless a {@link java.net.ConnectException} is its cause
   */
  public ApiAnswer post(String path, Object body, Duration timeLimit) throws IOException {
    return send(
        request(path).post("application/json", client.getKubernetesSerialization().asJson(body)),
        timeLimit);
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(client.getMasterUrl().toString().replaceAll("/+$", "") + path);
    return newConnections ? request.header("Connection", "close") : request;
  }

  private ApiAnswer send(HttpRequest.Builder request, Duration timeLimit) throws IOException {
    long millis = Math.max(1, timeLimit.toMillis());
    CompletableFuture<HttpResponse<String>> answer =
        client
            .getHttpClient()
            .sendAsync(request.timeout(millis, TimeUnit.MILLISECONDS).build(), String.class);
    try {
      return read(answer.get(millis, TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new IOException("no answer within " + millis + " ms", e);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private ApiAnswer read(HttpResponse<String> response) {
    String body = response.body() == null ? "" : response.body();
    return new ApiAnswer(
        response.code(),
        response.isSuccessful() ? "" : message(body),
        body,
        retryAfter(response.header("Retry-After")));
  }

  private String message(String body) {
    try {
      Status status = client.getKubernetesSerialization().unmarshal(body, Status.class);
      if (status != null && status.getMessage() != null) {
        return status.getMessage();
      }
    } catch (RuntimeException e) { // no Status, as in API Priority and Fairness's answers
      return start(body);
    }
    return start(body);
  }

  private static String start(String body) {
    String line = body.strip();
    return line.length() <= MESSAGE_LENGTH ? line : line.substring(0, MESSAGE_LENGTH);
  }

  private static Duration retryAfter(@Nullable String seconds) {
    return seconds != null && seconds.matches("[0-9]{1,6}")
        ? Duration.ofSeconds(Long.parseLong(seconds))
        : Duration.ZERO;
  }
}
