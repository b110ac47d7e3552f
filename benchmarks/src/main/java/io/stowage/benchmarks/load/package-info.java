/**
 * Load over real HTTP: what an answer of the service costs beside a handler that reads the same
 * body and answers a constant. It measures; nothing here asserts on the clock.
 */
@NullMarked
package io.stowage.benchmarks.load;

import org.jspecify.annotations.NullMarked;
