package io.stowage.extender.experiment;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256. */
final class Digests {
  private Digests() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Returns the digest of what is in a file.
   *
   * @throws InvalidExperimentException where there is none, or one that can be read but once
   */
  static String sha256Hex(Path file) throws IOException, InvalidExperimentException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new InvalidExperimentException(
          file + ": expected a regular file, as its content is told by a digest");
    }
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    } catch (NoSuchFileException e) {
      throw new InvalidExperimentException("no such file: " + e.getFile());
    }
    return hex(digest);
  }
}
