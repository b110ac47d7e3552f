/**
 * What {@code stowage observe} tells of a cluster before anything in it is changed: allocation now,
 * what a plan would reach, what nobody could pass, what is stranded and lost by cause, and what
 * would make room for the pods that wait. Knows neither API server nor service; depends on the
 * reading of Kubernetes objects and of YAML, and on the core.
 */
@NullMarked
package io.stowage.extender.observe;

import org.jspecify.annotations.NullMarked;
