package io.stowage.extender.page;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files that the page consists of, out of the jar; nothing else is served. */
final class PageAssets {
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

  private final Map<String, Asset> byPath = new TreeMap<>();

  /** A file with its type. */
  record Asset(String contentType, Buffer content) {}

  private PageAssets() {}

  /**
   * Reads all files.
   *
   * @throws IOException where one is not in the jar
   */
  static PageAssets load() throws IOException {
    PageAssets assets = new PageAssets();
    String script = "text/javascript; charset=utf-8";
    String style = "text/css; charset=utf-8";
    assets.add("/", "text/html; charset=utf-8", "index.html");
    assets.add("/style.css", style, "style.css");
    for (String name : new String[] {"app.js", "model.js", "map.js", "charts.js", "stream.js"}) {
      assets.add("/" + name, script, name);
    }
    assets.add("/favicon.svg", "image/svg+xml", "favicon.svg");
    assets.add("/vendor/uPlot.js", script, UPLOT + "uPlot.iife.min.js");
    assets.add("/vendor/uPlot.css", style, UPLOT + "uPlot.min.css");
    return assets;
  }

  private void add(String path, String contentType, String resource) throws IOException {
    try (InputStream in = PageAssets.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("the page's file " + resource + " is not in the jar");
      }
      byPath.put(path, new Asset(contentType, Buffer.buffer(in.readAllBytes())));
    }
  }

  /** Returns a file, null where there is none of that path. */
  @Nullable Asset get(String path) {
    return byPath.get(path);
  }

  /** Returns how many bytes all files have. */
  long bytes() {
    return byPath.values().stream().mapToLong(asset -> asset.content().length()).sum();
  }
}
