package io.stowage.extender;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A temporary file with what a fuzzer made up; gone when the JVM ends. */
public final class FuzzedFile {
  private final Path path;

  /** Creates an empty file. */
  public FuzzedFile() {
    try {
      path = Files.createTempFile("fuzzed", "");
      path.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fills it anew and returns where it is. */
  public Path with(byte[] content) {
    try {
      return Files.write(path, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
