package io.stowage.extender.yaml;

/** A YAML file that is refused; the message names file, key and what was expected. */
public final class YamlFormatException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with one sentence. */
  public YamlFormatException(String message) {
    super(message);
  }
}
