package io.stowage.extender.wire;

/**
 * The arguments of {@code bind}.
 *
 * @param podName the pod's name
 * @param podNamespace its namespace
 * @param podUid its UID
 * @param node the node that kube-scheduler chose
 */
public record BindRequest(String podName, String podNamespace, String podUid, String node) {}
