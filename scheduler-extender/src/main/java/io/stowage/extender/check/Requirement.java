package io.stowage.extender.check;

import java.util.Arrays;
import java.util.Locale;

/** What pods must do for a check to pass. */
public enum Requirement {
  /** All fit now. */
  FITS,
  /** All would fit if no pods were there but those of DaemonSets and static ones. */
  FITS_EMPTY,
  /** Nothing: bounds alone decide. */
  NOTHING;

  /** Returns the name that users choose it by. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Returns the one of a name.
   *
   * @throws InvalidCheckException where none has it
   */
  public static Requirement of(String key) throws InvalidCheckException {
    return Arrays.stream(values())
        .filter(requirement -> requirement.key().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidCheckException(
                    "--require: expected fits, fits-empty or nothing, was '" + key + "'"));
  }
}
