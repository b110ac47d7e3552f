/**
 * What a KubeSchedulerConfiguration should say for Stowage to work beside that kube-scheduler.
 * Depends on the reading of YAML alone.
 */
@NullMarked
package io.stowage.extender.schedulerconfig;

import org.jspecify.annotations.NullMarked;
