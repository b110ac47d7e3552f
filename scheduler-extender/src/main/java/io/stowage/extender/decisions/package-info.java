/**
 * The log of decisions: what happened to the cluster and what was decided, a line of JSON each, and
 * how it is read to be replayed. Depends on the cluster model and the replays of the core, and on
 * the state that tells it; knows no HTTP and no client.
 */
@NullMarked
package io.stowage.extender.decisions;

import org.jspecify.annotations.NullMarked;
