/**
 * The watch: informers that feed the state in order and are looked after. Depends on the Kubernetes
 * reading, the state and the metrics.
 */
@NullMarked
package io.stowage.extender.watch;

import org.jspecify.annotations.NullMarked;
