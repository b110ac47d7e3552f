/**
 * The independent checker behind {@code stowage audit}: adds up what a cluster's objects say was
 * given out and tells what contradicts. Depends on the reading of effective requests and on nothing
 * else of Stowage, so that it cannot repeat a mistake of the service.
 */
@NullMarked
package io.stowage.extender.audit;

import org.jspecify.annotations.NullMarked;
