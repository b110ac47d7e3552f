package io.stowage.core.bound;

/** A certificate that does not prove the bound that it claims. */
public final class InvalidCertificateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  InvalidCertificateException(String message) {
    super(message);
  }
}
