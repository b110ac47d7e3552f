/**
 * What Kubernetes objects mean to the cluster model: pods' effective requests, nodes' GPUs, devices
 * written on pods. Used by everything that reads Kubernetes objects: the watch, the extender
 * protocol and snapshots. Depends on the core's cluster model alone.
 */
@NullMarked
package io.stowage.extender.kube;

import org.jspecify.annotations.NullMarked;
