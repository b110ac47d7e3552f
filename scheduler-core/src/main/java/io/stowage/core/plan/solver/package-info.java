/**
 * The planner's OptaPlanner model: nodes are the entities, packings their values, refilling a few
 * nodes at a time the move. Only {@code io.stowage.core.plan} uses it.
 */
@NullMarked
package io.stowage.core.plan.solver;

import org.jspecify.annotations.NullMarked;
