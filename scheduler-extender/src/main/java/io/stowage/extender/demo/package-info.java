/**
 * The demo: an embedded cluster in accelerated time, a stand-in for kube-scheduler that asks the
 * real service over HTTP, and kube-scheduler's default policy beside it on the same arrivals. May
 * depend on everything but the command line; nothing but the command line depends on it.
 */
@NullMarked
package io.stowage.extender.demo;

import org.jspecify.annotations.NullMarked;
