/**
 * The watch: informers on nodes and pods that feed the state in order. Depends on the Kubernetes
 * reading and the state.
 */
@NullMarked
package io.stowage.extender.watch;

import org.jspecify.annotations.NullMarked;
