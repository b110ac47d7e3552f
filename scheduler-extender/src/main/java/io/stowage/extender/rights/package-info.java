/**
 * The rights that the service needs of the API server: the one list of them, and the check at the
 * start that it has them. Depends on the configuration.
 */
@NullMarked
package io.stowage.extender.rights;

import org.jspecify.annotations.NullMarked;
