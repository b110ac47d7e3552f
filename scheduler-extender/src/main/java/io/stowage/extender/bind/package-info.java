/**
 * Binding: the state decides, one write carries pod, node and devices to the API server, and what
 * became of it goes back to the state. Depends on the state, on who the active replica is and on
 * the Kubernetes reading.
 */
@NullMarked
package io.stowage.extender.bind;

import org.jspecify.annotations.NullMarked;
