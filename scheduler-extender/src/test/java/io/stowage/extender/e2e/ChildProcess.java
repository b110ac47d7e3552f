package io.stowage.extender.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that a test has started. Its output goes to a file; it ends when it is closed, or with
 * the test's JVM.
 */
final class ChildProcess implements AutoCloseable {
  private static final int STOP_SECONDS = 60;

  /** A restart that keeps an API server away for 30 s takes nearly a minute by itself. */
  private static final int END_SECONDS = 180;

  private final Process process;
  private final Path log;
  private final Thread atExit = new Thread(this::end);

  private ChildProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts a program with further environment variables. */
  static ChildProcess start(Path log, Map<String, String> environment, List<String> command) {
    try {
      Files.createDirectories(log.getParent());
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
      builder.environment().putAll(environment);
      ChildProcess child = new ChildProcess(builder.start(), log);
      Runtime.getRuntime().addShutdownHook(child.atExit);
      return child;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command, e);
    }
  }

  /** Returns what it has written so far. */
  String output() {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path log() {
    return log;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until it has ended by itself and returns its exit code. */
  int exitCode() {
    if (!await(END_SECONDS)) {
      throw new IllegalStateException("still running, see " + log);
    }
    return process.exitValue();
  }

  /** Sends it a signal, such as STOP or CONT. */
  void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("kill -" + name + " failed for " + log);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Returns a command that runs another on a host of that name; needs root. */
  static List<String> onHost(String hostName, List<String> command) {
    List<String> all =
        new ArrayList<>(
            List.of("unshare", "--uts", "sh", "-c", "hostname \"$0\" && exec \"$@\"", hostName));
    all.addAll(command);
    return all;
  }

  /** Ends it at once, as if its machine had lost power. */
  void kill() {
    process.destroyForcibly();
    await(STOP_SECONDS);
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  /** Asks it to end and waits until it has. */
  @Override
  public void close() {
    if (process.isAlive()) {
      end();
      Runtime.getRuntime().removeShutdownHook(atExit);
    }
  }

  private void end() {
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroy();
    if (!await(STOP_SECONDS)) {
      descendants.forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private boolean await(int seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
