package io.stowage.extender.config;

/** A configuration that is refused; the message names file, setting and what was expected. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence. */
  public ConfigException(String message) {
    super(message);
  }
}
