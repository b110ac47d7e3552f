package io.stowage.benchmarks.load;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One kept connection to a server, with a request at a time and as little of its own as can be: a
 * blocking socket, one write and one answer. Not thread-safe.
 */
final class Caller implements AutoCloseable {
  private static final byte[] LENGTH = "content-length: ".getBytes(StandardCharsets.US_ASCII);
  private static final int PATIENCE_MILLIS = 60_000;

  private final Socket socket;
  private final InputStream in;
  private byte[] answer = new byte[64 << 10];
  private int bodyStart;
  private int length;

  Caller(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = socket.getInputStream();
  }

  /** Returns the head of a POST of so many bytes. */
  static byte[] head(String path, int bodyBytes) {
    return ("POST "
            + path
            + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
            + bodyBytes
            + "\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Sends a request, head and body together, and reads its answer; returns what it took. */
  long call(byte[] request) throws IOException {
    long start = System.nanoTime();
    socket.getOutputStream().write(request);
    read();
    return System.nanoTime() - start;
  }

  private void read() throws IOException {
    length = 0;
    bodyStart = -1;
    int needed = Integer.MAX_VALUE;
    while (length < needed) {
      if (length == answer.length) {
        answer = Arrays.copyOf(answer, answer.length * 2);
      }
      int read = in.read(answer, length, answer.length - length);
      if (read < 0) {
        throw new IOException("the server closed the connection");
      }
      length += read;
      if (bodyStart < 0) {
        bodyStart = endOfHead();
        needed = bodyStart < 0 ? Integer.MAX_VALUE : bodyStart + contentLength();
      }
    }
  }

  private int endOfHead() {
    for (int i = 3; i < length; i++) {
      if (answer[i] == '\n' && answer[i - 2] == '\n') {
        return i + 1;
      }
    }
    return -1;
  }

  private int contentLength() throws IOException {
    for (int i = 0; i + LENGTH.length < bodyStart; i++) {
      int matched = 0;
      while (matched < LENGTH.length && (answer[i + matched] | 0x20) == (LENGTH[matched] | 0x20)) {
        matched++;
      }
      if (matched == LENGTH.length) {
        int value = 0;
        for (int j = i + matched; answer[j] >= '0' && answer[j] <= '9'; j++) {
          value = value * 10 + answer[j] - '0';
        }
        return value;
      }
    }
    throw new IOException("an answer without Content-Length");
  }

  /** Returns the body of the last answer; its status must have been 200. */
  String body() throws IOException {
    String head = new String(answer, 0, bodyStart, StandardCharsets.US_ASCII);
    String body = new String(answer, bodyStart, length - bodyStart, StandardCharsets.UTF_8);
    if (!head.startsWith("HTTP/1.1 200 ")) {
      throw new IOException("expected status 200, was " + head + body);
    }
    return body;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
