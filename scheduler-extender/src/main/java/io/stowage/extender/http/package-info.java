/**
 * The service over HTTP: {@code /scheduler/filter}, {@code prioritize}, {@code bind}, {@code
 * preempt}, health and metrics. Decodes, asks the state or the binding, encodes; depends on the
 * wire, the state, binding and metrics.
 */
@NullMarked
package io.stowage.extender.http;

import org.jspecify.annotations.NullMarked;
