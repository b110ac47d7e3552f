/**
 * Replays of workloads under policies: one of them, and experiments, which are many from one file.
 *
 * <p>An {@link io.stowage.extender.experiment.Experiment} is read from YAML and becomes an {@link
 * io.stowage.extender.experiment.ExperimentPlan}: cases (an input, a variant of it, a protocol),
 * each with its runs. A run is known by a digest of all that determines it, and its result is one
 * file in {@link io.stowage.extender.experiment.RunFiles}; so a part can be run anywhere, and what
 * is there is not run again. {@link io.stowage.extender.experiment.ExperimentReport} joins results.
 * A {@link io.stowage.extender.experiment.ReplayBaseline} is an earlier replay that a new one is
 * compared with. Depends on the reading of snapshots and YAML.
 */
@NullMarked
package io.stowage.extender.experiment;

import org.jspecify.annotations.NullMarked;
