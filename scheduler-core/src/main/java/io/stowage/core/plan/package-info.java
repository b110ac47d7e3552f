/**
 * Plans ahead of arrivals: which nodes are kept for pods of several GPUs, and slots in what is free
 * for pods that wait or are forecast. Depends on the cluster model, fit, fragmentation and the
 * forecast.
 */
@NullMarked
package io.stowage.core.plan;

import org.jspecify.annotations.NullMarked;
