package io.stowage.extender.http;

import org.jspecify.annotations.Nullable;

/**
 * How the service is reached beside its address.
 *
 * @param limits what callers can take
 * @param tls the certificates of the extender's port, and of inspection where it is not on
 *     loopback; null for plain HTTP
 * @param inspectOnExtenderPort whether the extender's port serves inspection too
 * @param inspectAddress where else inspection is served, null for nowhere
 * @param healthAddress where health and metrics are served by plain HTTP beside the extender's
 *     port, null for nowhere
 */
public record HttpSettings(
    HttpLimits limits,
    @Nullable TlsFiles tls,
    boolean inspectOnExtenderPort,
    @Nullable Address inspectAddress,
    @Nullable Address healthAddress) {

  /** The default limits, plain HTTP, one port and no inspection. */
  public static final HttpSettings DEFAULT =
      new HttpSettings(HttpLimits.DEFAULT, null, false, null, null);
}
