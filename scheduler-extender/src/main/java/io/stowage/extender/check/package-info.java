/**
 * What {@code stowage check} tells of manifests before they are applied: the pods that they would
 * create, where Stowage would place them in a cluster, which would wait, and what is left then.
 * Depends on the reading of Kubernetes objects, on {@code observe}, which places them, and on its
 * sentences.
 */
@NullMarked
package io.stowage.extender.check;

import org.jspecify.annotations.NullMarked;
