package io.stowage.extender.observe;

/** A price file that cannot be read; the message is a sentence that names file and place. */
public final class PriceFileException extends Exception {
  private static final long serialVersionUID = 1L;

  PriceFileException(String message) {
    super(message);
  }
}
