package io.stowage.core.plan;

/**
 * What a node is kept for: pods of one number of GPUs.
 *
 * @param gpus how many GPUs the pods ask for, at least 2
 * @param reach how many nodes can ever hold such a pod: few where pods accept one model alone or
 *     ask for much CPU or memory
 * @param widest whether no zone of as many GPUs reaches more nodes
 */
record Zone(int gpus, int reach, boolean widest) {}
