/**
 * The names of nodes as bytes: the index that matches the names in a request to the nodes of the
 * state, and what a request asks about in its terms. Depends on nothing.
 */
@NullMarked
package io.stowage.extender.names;

import org.jspecify.annotations.NullMarked;
