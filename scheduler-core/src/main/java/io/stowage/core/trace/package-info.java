/**
 * Workloads and clusters to replay: CSV traces of the form that the public Alibaba GPU trace has,
 * and generated ones. Depends on the cluster model alone.
 */
@NullMarked
package io.stowage.core.trace;

import org.jspecify.annotations.NullMarked;
