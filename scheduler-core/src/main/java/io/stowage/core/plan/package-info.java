/**
 * The stowage plan: slots for pending and forecast pods in what is free, and the planner that packs
 * them. May use the cluster model, fit, fragmentation and the forecast.
 */
@NullMarked
package io.stowage.core.plan;

import org.jspecify.annotations.NullMarked;
