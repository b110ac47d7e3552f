/**
 * The scheduler extender protocol, v1, on the wire: requests decoded, answers encoded.
 *
 * <p>After {@code k8s.io/kube-scheduler/extender/v1/types.go}: its structs carry no JSON tags, so
 * keys are the field names. Requests are accepted with keys in any case, as Go does; answers are
 * written with capitals. Depends on the Kubernetes reading alone.
 */
@NullMarked
package io.stowage.extender.wire;

import org.jspecify.annotations.NullMarked;
