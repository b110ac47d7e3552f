package io.stowage.extender.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;

/**
 * What the files of a server's certificate held at one moment.
 *
 * @param cert the certificate and those that lead to its authority, as PEM
 * @param key its private key, as PEM
 * @param clientCa the authorities of client certificates, as PEM; null where callers need none
 */
record ServerCertificate(Buffer cert, Buffer key, @Nullable Buffer clientCa) {
  /** Reads the files. */
  static ServerCertificate read(TlsFiles files) throws IOException {
    return new ServerCertificate(
        read("certFile", files.certFile()),
        read("keyFile", files.keyFile()),
        files.clientCaFile() == null ? null : read("clientCaFile", files.clientCaFile()));
  }

  private static Buffer read(String setting, Path file) throws IOException {
    try {
      return Buffer.buffer(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new IOException("tls." + setting + ": cannot be read: " + e, e);
    }
  }

  /**
   * Checks that key and certificate belong together, that the certificate is valid now, and that
   * there is an authority where there should be; returns when the certificate ends, in seconds
   * since 1970.
   *
   * @throws IOException with a sentence that names the setting
   */
  long check(Vertx vertx) throws IOException {
    X509Certificate certificate;
    try {
      X509KeyManager keys =
          (X509KeyManager) keyCert().getKeyManagerFactory(vertx).getKeyManagers()[0];
      String alias = keyCert().loadKeyStore(vertx).aliases().nextElement();
      certificate = keys.getCertificateChain(alias)[0];
      requirePair(keys.getPrivateKey(alias), certificate);
      certificate.checkValidity();
    } catch (Exception e) {
      throw new IOException("tls.certFile and tls.keyFile: expected a valid pair of PEM: " + e, e);
    }
    if (clientCa != null) {
      try {
        if (new PemTrustOptions().addCertValue(clientCa).loadKeyStore(vertx).size() == 0) {
          throw new GeneralSecurityException("no certificate");
        }
      } catch (Exception e) {
        throw new IOException("tls.clientCaFile: expected certificates as PEM: " + e, e);
      }
    }
    return certificate.getNotAfter().toInstant().getEpochSecond();
  }

  private static void requirePair(PrivateKey key, X509Certificate certificate)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] text = {1, 2, 3};
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(text);
    byte[] signature = signer.sign();
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(certificate.getPublicKey());
    verifier.update(text);
    if (!verifier.verify(signature)) {
      throw new GeneralSecurityException("the key is not the certificate's");
    }
  }

  private PemKeyCertOptions keyCert() {
    return new PemKeyCertOptions().addCertValue(cert).addKeyValue(key);
  }

  /** Returns what a server presents and asks for: TLS 1.2 or 1.3. */
  ServerSSLOptions options() {
    ServerSSLOptions options =
        new ServerSSLOptions()
            .setKeyCertOptions(keyCert())
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"));
    return clientCa == null
        ? options
        : options
            .setTrustOptions(new PemTrustOptions().addCertValue(clientCa))
            .setClientAuth(ClientAuth.REQUIRED);
  }
}
