package io.stowage.extender.http;

/**
 * Where a server listens.
 *
 * @param host an address or a name
 * @param port 0 to 65535, 0 for any free one
 */
public record Address(String host, int port) {

  /** Throws IllegalArgumentException for a value out of its range. */
  public Address {
    if (host.isBlank()) {
      throw new IllegalArgumentException("host must be an address, was empty");
    }
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
    }
  }

  /** Tells whether only this machine, or this pod, reaches it; no name but localhost is known. */
  public boolean isLoopback() {
    return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.\\d{1,3}){3}");
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
