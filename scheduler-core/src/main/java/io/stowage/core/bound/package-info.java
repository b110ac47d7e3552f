/**
 * What nobody could pass: proven upper bounds on the GPU that pods can hold at once, by column
 * generation over packings of nodes.
 *
 * <p>{@link io.stowage.core.bound.GpuBound} is the entry. Prices come from an LP solver (ojAlgo);
 * what is reported is what {@link io.stowage.core.bound.CertificateChecker} confirms of them in
 * exact arithmetic, without a solver. Depends on cluster alone.
 */
@NullMarked
package io.stowage.core.bound;

import org.jspecify.annotations.NullMarked;
