/**
 * Protocols that share GPUs: what a binding writes on a pod so that the node's device plugin gives
 * it the device that was chosen. Depends on the cluster model and the Kubernetes reading.
 */
@NullMarked
package io.stowage.extender.device;

import org.jspecify.annotations.NullMarked;
