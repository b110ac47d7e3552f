/**
 * The scheduler extender protocol, v1, on the wire: requests decoded, answers encoded.
 *
 * <p>After {@code k8s.io/kube-scheduler/extender/v1/types.go}: its structs carry no JSON tags, so
 * keys are the field names. Requests are accepted with keys in any case, as Go does; answers are
 * written with capitals. Names of nodes are matched as bytes, and whole nodes passed over, where a
 * request has the form that kube-scheduler gives it; what has not is Jackson's. Depends on the
 * Kubernetes reading and on names.
 */
@NullMarked
package io.stowage.extender.wire;

import org.jspecify.annotations.NullMarked;
