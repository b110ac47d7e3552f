/**
 * Wakes waiting pods: a pod that {@code filter} refused everywhere is tried again soon after room
 * has appeared, however it appeared. Depends on the state and its metrics; writes one annotation on
 * waiting pods and nothing else.
 */
@NullMarked
package io.stowage.extender.wake;

import org.jspecify.annotations.NullMarked;
