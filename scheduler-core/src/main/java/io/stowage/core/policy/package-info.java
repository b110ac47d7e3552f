/**
 * Placement policies: the published baselines and Stowage's own, behind one interface, and the
 * search for the node that a policy likes best. Depends on the cluster model, fit, fragmentation,
 * the forecast and the plan.
 */
@NullMarked
package io.stowage.core.policy;

import org.jspecify.annotations.NullMarked;
