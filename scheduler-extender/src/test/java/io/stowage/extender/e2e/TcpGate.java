package io.stowage.extender.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Hands connections on to a port of this machine, and can hold what clients have sent: it is on its
 * way then, and neither side can take it back.
 */
final class TcpGate implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private boolean held;
  private long heldBytes;

  TcpGate(int target) {
    this.target = target;
    try {
      listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  /** Holds from now on what clients send. */
  synchronized void hold() {
    held = true;
    heldBytes = 0;
  }

  /** Lets everything go its way, what was held first. */
  synchronized void release() {
    held = false;
    notifyAll();
  }

  /** Returns how many bytes have arrived while it holds. */
  synchronized long heldBytes() {
    return heldBytes;
  }

  private synchronized void pass(int bytes) throws InterruptedException {
    if (held) {
      heldBytes += bytes;
    }
    while (held) {
      wait();
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.addAll(List.of(client, server));
        start(() -> copy(client, server, true));
        start(() -> copy(server, client, false));
      }
    } catch (IOException e) { // it was closed
      close();
    }
  }

  private void copy(Socket from, Socket to, boolean gated) {
    byte[] buffer = new byte[16_384];
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      for (int bytes = in.read(buffer); bytes >= 0; bytes = in.read(buffer)) {
        if (gated) {
          pass(bytes);
        }
        out.write(buffer, 0, bytes);
      }
    } catch (IOException e) { // either side has closed it
      sockets.removeAll(List.of(from, to));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "tcp-gate");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    release();
    try {
      listening.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
