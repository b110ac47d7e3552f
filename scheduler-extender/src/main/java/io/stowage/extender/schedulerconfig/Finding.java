package io.stowage.extender.schedulerconfig;

/**
 * Something in a configuration that should be otherwise.
 *
 * @param severity how bad it is
 * @param key where it stands, such as {@code extenders[0].ignorable}
 * @param sentence what comes of it
 * @param mended the line to write instead, or what to leave out
 */
public record Finding(Severity severity, String key, String sentence, String mended) {

  /** How bad a finding is. */
  public enum Severity {
    /** Pods are bound wrongly or not at all. */
    ERROR,
    /** It works, and packs less well or more slowly than it could. */
    WARNING
  }

  static Finding error(String key, String sentence, String mended) {
    return new Finding(Severity.ERROR, key, sentence, mended);
  }

  static Finding warning(String key, String sentence, String mended) {
    return new Finding(Severity.WARNING, key, sentence, mended);
  }
}
