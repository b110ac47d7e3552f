/**
 * Nominates nodes for waiting pods: where the state finds a free slot for a pod at the head of the
 * queue, kube-scheduler is told to try it first and alone. Depends on the state and its metrics;
 * writes {@code status.nominatedNodeName} of waiting pods and nothing else.
 */
@NullMarked
package io.stowage.extender.nominate;

import org.jspecify.annotations.NullMarked;
