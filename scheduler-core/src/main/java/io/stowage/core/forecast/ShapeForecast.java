package io.stowage.core.forecast;

import io.stowage.core.cluster.PodShape;

/**
 * What is expected of one shape.
 *
 * @param shape the shape
 * @param part its part of all arrivals, from 0 to 1
 * @param arrivalsPerSecond how many pods arrive in a second, 0 where none has arrived since the
 *     start
 * @param meanRunSeconds how long a pod runs, infinite where no pod has ended yet
 * @param loadPods how many pods would run at a time in the long run if none ever had to wait,
 *     infinite where no pod has ended yet
 * @param loadErrorPods the standard error of {@code loadPods}, infinite where no pod has ended yet
 */
public record ShapeForecast(
    PodShape shape,
    double part,
    double arrivalsPerSecond,
    double meanRunSeconds,
    double loadPods,
    double loadErrorPods) {}
