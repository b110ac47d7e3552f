/**
 * Events: what Stowage tells the users of {@code kubectl describe}. Writes to the API server on a
 * thread of its own and counts what it wrote; whoever has something to tell may use it.
 */
@NullMarked
package io.stowage.extender.events;

import org.jspecify.annotations.NullMarked;
