/**
 * What arrives next and how much of it there will be at a time: the mix of shapes, their arrival
 * rates, run times and loads, learnt from the pods seen. Depends on the cluster model.
 */
@NullMarked
package io.stowage.core.forecast;

import org.jspecify.annotations.NullMarked;
