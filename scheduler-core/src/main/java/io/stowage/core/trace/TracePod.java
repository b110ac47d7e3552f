package io.stowage.core.trace;

import io.stowage.core.cluster.PodShape;
import java.util.OptionalDouble;

/**
 * A pod of a recorded or generated workload.
 *
 * @param name its name
 * @param shape what it asks for
 * @param priority its priority; higher goes first
 * @param runSeconds how long it runs once placed, empty where it is not known
 */
public record TracePod(String name, PodShape shape, int priority, OptionalDouble runSeconds) {}
