package io.stowage.extender.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.extender.http.Address;
import io.stowage.extender.page.PageSettings;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code page}: the page that people look at.
 *
 * @param enabled whether it is served; default true
 * @param host the address it listens on; default 127.0.0.1, and anywhere else only whom the API
 *     server knows and lets get /page may look
 * @param port the port, 0 to 65535, 0 for any free one; default 8090
 */
public record PageConfig(boolean enabled, String host, int port) {

  /** Checks every setting; throws IllegalArgumentException. */
  public PageConfig {
    if (host.isBlank()) {
      throw new IllegalArgumentException("page.host: expected an address, was empty");
    }
    StowageConfig.requireRange("page.port", port, 0, 65_535);
  }

  /** Creates the section from a file's settings, those left out being null. */
  @JsonCreator
  static PageConfig of(@Nullable Boolean enabled, @Nullable String host, @Nullable Integer port) {
    return new PageConfig(
        StowageConfig.or(enabled, true),
        StowageConfig.or(host, "127.0.0.1"),
        StowageConfig.or(port, 8090));
  }

  /** Returns the defaults. */
  static PageConfig defaults() {
    return of(null, null, null);
  }

  /** Tells whether who looks is checked by the API server. */
  public boolean checksTokens() {
    return enabled && !settings().address().isLoopback();
  }

  /** Returns how the page is served. */
  public PageSettings settings() {
    return PageSettings.at(new Address(host, port));
  }
}
