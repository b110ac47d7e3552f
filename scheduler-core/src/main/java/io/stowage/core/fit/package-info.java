/** Whether a pod's request fits a node, and if not, why not. Depends on the cluster model alone. */
@NullMarked
package io.stowage.core.fit;

import org.jspecify.annotations.NullMarked;
