package io.stowage.extender.config;

import io.stowage.extender.http.TlsFiles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The certificates, as PEM files that are read anew when they change.
 *
 * @param certFile the server's certificate, followed by those that lead to its authority
 * @param keyFile its private key
 * @param clientCaFile the authorities whose client certificates are let in; without it callers need
 *     none
 */
public record TlsConfig(String certFile, String keyFile, @Nullable String clientCaFile) {

  /** Checks every setting; throws IllegalArgumentException. */
  public TlsConfig {
    requireFile("tls.certFile", certFile);
    requireFile("tls.keyFile", keyFile);
    if (clientCaFile != null) {
      requireFile("tls.clientCaFile", clientCaFile);
    }
  }

  private static void requireFile(String setting, @Nullable String file) {
    if (file == null || file.isBlank()) {
      throw new IllegalArgumentException(setting + ": expected a PEM file, was none");
    }
  }

  /** Returns the files. */
  public TlsFiles files() {
    return new TlsFiles(
        Path.of(certFile), Path.of(keyFile), clientCaFile == null ? null : Path.of(clientCaFile));
  }
}
