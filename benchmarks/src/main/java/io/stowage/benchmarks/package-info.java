/** JMH benchmarks. They measure; nothing here asserts on the clock. */
@NullMarked
package io.stowage.benchmarks;

import org.jspecify.annotations.NullMarked;
