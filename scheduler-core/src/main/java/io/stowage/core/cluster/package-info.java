/**
 * The cluster model: nodes, their GPUs, pods and placements, and what is free on each node.
 *
 * <p>A {@link io.stowage.core.cluster.Cluster} is mutable and has one writer; everything else here
 * is an immutable record. Figures mean <em>requested</em>, never <em>used</em>: what pods ask for
 * counts, not what they consume. Depends on nothing else of Stowage.
 */
@NullMarked
package io.stowage.core.cluster;

import org.jspecify.annotations.NullMarked;
