package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.Optional;
import java.util.Set;

/**
 * Tells pods that a kubelet refused when they came to it from those that ran and failed.
 *
 * <p>The reasons are those of kubelet v1.37, {@code rejectPod} in {@code pkg/kubelet/kubelet.go}
 * and the admission handlers that it asks; that function also begins the message in a way of its
 * own, which tells a refusal for pressure from a later eviction: both have reason {@code Evicted}.
 */
public final class KubeletRefusal {
  private static final String MESSAGE_PREFIX = "Pod was rejected: ";
  private static final String RESOURCE_PREFIX = "OutOf";
  private static final Set<String> REASONS =
      Set.of(
          "UnexpectedAdmissionError",
          "TopologyAffinityError",
          "SMTAlignmentError",
          "EmptyPodSharedPoolError",
          "NodeAffinity",
          "NodePorts",
          "NodeName",
          "TaintToleration",
          "InvalidNodeInfo",
          "PodOSSelectorNodeLabelDoesNotMatch",
          "PodOSNotSupported",
          "SupplementalGroupsPolicyNotSupported",
          "InitContainerRestartPolicyForbidden",
          "PodLevelResourcesNotSupported",
          "PodFeatureUnsupported",
          "SysctlForbidden",
          "AppArmor",
          "NodeShutdown",
          "VolumeAttachmentLimitExceeded",
          "UnexpectedPredicateFailureType",
          "UnknownReason");

  private KubeletRefusal() {}

  /** Returns why the kubelet refused a pod; empty where it did not. */
  public static Optional<String> reason(Pod pod) {
    PodStatus status = pod.getStatus();
    if (status == null || !"Failed".equals(status.getPhase()) || status.getReason() == null) {
      return Optional.empty();
    }
    String reason = status.getReason();
    String message = status.getMessage() == null ? "" : status.getMessage();
    return REASONS.contains(reason)
            || (reason.startsWith(RESOURCE_PREFIX) && reason.length() > RESOURCE_PREFIX.length())
            || message.startsWith(MESSAGE_PREFIX)
        ? Optional.of(reason)
        : Optional.empty();
  }
}
