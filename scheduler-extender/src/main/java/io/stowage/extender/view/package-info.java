/**
 * A copy of the state for those who look at it and decide nothing: taken from the event loop in
 * small parts, and worked on elsewhere. Depends on the state.
 */
@NullMarked
package io.stowage.extender.view;

import org.jspecify.annotations.NullMarked;
