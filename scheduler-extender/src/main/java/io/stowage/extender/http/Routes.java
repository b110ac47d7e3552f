package io.stowage.extender.http;

import io.vertx.ext.web.Router;

/** Some of a server's routes. */
public interface Routes {
  /** Adds them. */
  void addTo(Router router);
}
