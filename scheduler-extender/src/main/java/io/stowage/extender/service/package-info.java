/**
 * The service put together: event loop, state, binding, routes and server. Whoever feeds it, a
 * watch or an embedded cluster, comes from outside.
 */
@NullMarked
package io.stowage.extender.service;

import org.jspecify.annotations.NullMarked;
