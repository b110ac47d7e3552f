/**
 * Why pods wait, why they are where they are, and what of a node is in use: in counts, sentences,
 * JSON and text, the same wherever they are told. Knows neither API server nor service; depends on
 * the reading of Kubernetes objects and on the core.
 */
@NullMarked
package io.stowage.extender.explain;

import org.jspecify.annotations.NullMarked;
