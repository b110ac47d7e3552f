/**
 * How much of the free GPU is of use to the pods that typically arrive: the fragmentation measure
 * of FGD and GPUs stranded by cause. Depends on the cluster model and fit.
 */
@NullMarked
package io.stowage.core.fragmentation;

import org.jspecify.annotations.NullMarked;
