/**
 * What the service tells Prometheus. Depends on the state's figures; whoever decides or answers
 * calls it.
 */
@NullMarked
package io.stowage.extender.metrics;

import org.jspecify.annotations.NullMarked;
