package io.stowage.extender.explain;

import java.util.List;
import java.util.stream.Collectors;

/** Markdown of texts that are not Markdown themselves. */
public final class Markdown {
  private Markdown() {}

  /** Returns a row of a table. */
  public static String row(List<String> cells) {
    return cells.stream().map(Markdown::escaped).collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  /** Keeps a text from being read as Markdown or HTML. */
  public static String escaped(String text) {
    return text.replaceAll("[\\r\\n]+", " ").replaceAll("([\\\\`*_\\[\\]<>|#])", "\\\\$1");
  }
}
