package io.stowage.extender.http;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaMiscPEMGenerator;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObjectGenerator;
import org.bouncycastle.util.io.pem.PemWriter;
import org.jspecify.annotations.Nullable;

/** A certificate authority of a test; its keys exist only while the test runs. */
public final class TestAuthority {
  private static final char[] PASSWORD = {};
  private static final Duration VALID = Duration.ofDays(2);

  private final X500Principal name;
  private final KeyPair keys;
  private final X509Certificate certificate;

  /** A certificate and its key. */
  public record Identity(X509Certificate certificate, KeyPair keys) {
    /** Writes both as PEM files. */
    public void write(Path certFile, Path keyFile) {
      TestAuthority.write(certFile, certPem());
      TestAuthority.write(keyFile, keyPem());
    }

    /** Returns the certificate as PEM. */
    public String certPem() {
      return pem(certificate);
    }

    /** Returns the key as PEM. */
    public String keyPem() {
      return pem(keys.getPrivate());
    }
  }

  /** Creates an authority that trusts itself. */
  public TestAuthority(String name) {
    this.name = new X500Principal("CN=" + name);
    this.keys = newKeys();
    this.certificate = sign(this.name, keys, VALID, true);
  }

  /** Returns an identity for 127.0.0.1, good for servers and clients. */
  public Identity issue(String commonName) {
    return issue(commonName, VALID);
  }

  /** Returns one that is valid for a time from now on, or, below 0, was until then. */
  public Identity issue(String commonName, Duration valid) {
    KeyPair issued = newKeys();
    return new Identity(sign(new X500Principal("CN=" + commonName), issued, valid, false), issued);
  }

  /** Writes the authority's own certificate as PEM. */
  public void write(Path caFile) {
    write(caFile, pem(certificate));
  }

  /** Returns what a client needs that trusts this authority and presents an identity, or none. */
  public SSLContext clientContext(@Nullable Identity identity) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, PASSWORD);
      trusted.setCertificateEntry("ca", certificate);
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, PASSWORD);
      if (identity != null) {
        own.setKeyEntry(
            "client",
            identity.keys().getPrivate(),
            PASSWORD,
            new Certificate[] {identity.certificate()});
      }
      KeyManagerFactory present =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      present.init(own, PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(present.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private X509Certificate sign(
      X500Principal subject, KeyPair subjectKeys, Duration valid, boolean authority) {
    Instant now = Instant.now();
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              BigInteger.valueOf(System.nanoTime()),
              Date.from(now.minus(Duration.ofDays(10))),
              Date.from(now.plus(valid)),
              subject,
              subjectKeys.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (!authority) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(Object object) {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      PemObjectGenerator generator =
          object instanceof java.security.PrivateKey key
              ? new JcaPKCS8Generator(key, null)
              : new JcaMiscPEMGenerator(object);
      writer.writeObject(generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
