/** The {@code stowage} command line. May depend on every other package; none depends on it. */
@NullMarked
package io.stowage.extender.cli;

import org.jspecify.annotations.NullMarked;
