/**
 * The service over HTTP: listeners with their limits and certificates, the verbs of the extender
 * protocol, gpushare's inspection, health and metrics. Decodes, asks the state or the binding,
 * encodes; depends on the wire, the state, binding and metrics.
 */
@NullMarked
package io.stowage.extender.http;

import org.jspecify.annotations.NullMarked;
