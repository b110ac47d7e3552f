package io.stowage.extender.http;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Request bodies, as kube-scheduler writes them. */
public final class Bodies {
  private Bodies() {}

  /** Returns a pod whose UID is its name, with one container's requests. */
  public static String podJson(String name, String requests) {
    return podJson(name, requests, "");
  }

  /** The same with more fields in its spec, each followed by a comma. */
  public static String podJson(String name, String requests, String specFields) {
    return """
        {"metadata":{"name":"%s","namespace":"default","uid":"%s","creationTimestamp":null},\
        "spec":{%s"containers":[{"name":"main","resources":{"requests":{%s}}}],\
        "schedulerName":"stowage"},"status":{"phase":"Pending"}}"""
        .formatted(name, name, specFields, requests);
  }

  /** Returns the arguments of filter and prioritize with names alone. */
  public static String namesBody(String pod, String... nodes) {
    String names = Arrays.stream(nodes).map(n -> '"' + n + '"').collect(Collectors.joining(","));
    return "{\"Pod\":" + pod + ",\"Nodes\":null,\"NodeNames\":[" + names + "]}";
  }

  /** Returns the arguments of filter and prioritize with whole nodes. */
  public static String nodesBody(String pod, String... nodes) {
    return "{\"Pod\":"
        + pod
        + ",\"Nodes\":{\"metadata\":{},\"items\":["
        + String.join(",", nodes)
        + "]},\"NodeNames\":null}";
  }

  /** Returns the arguments of bind for a pod whose UID is its name. */
  public static String bindBody(String pod, String node) {
    return "{\"PodName\":\"%s\",\"PodNamespace\":\"default\",\"PodUID\":\"%s\",\"Node\":\"%s\"}"
        .formatted(pod, pod, node);
  }
}
