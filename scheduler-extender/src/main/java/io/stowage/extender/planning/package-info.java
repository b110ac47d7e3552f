/**
 * Plans in the background: asks the state for what to plan, has the core's planner work on it, and
 * brings the plan back. Depends on the state and its metrics; no request ever waits for it.
 */
@NullMarked
package io.stowage.extender.planning;

import org.jspecify.annotations.NullMarked;
