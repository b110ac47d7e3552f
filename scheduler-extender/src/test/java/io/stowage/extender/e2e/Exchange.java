package io.stowage.extender.e2e;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request of kube-scheduler and Stowage's answer.
 *
 * @param verb filter, prioritize, bind or preempt
 * @param status of HTTP
 */
record Exchange(String verb, Buffer request, int status, Buffer answer) {

  JsonNode requestJson() {
    return JsonMapper.shared().readTree(request.getBytes());
  }

  JsonNode answerJson() {
    return JsonMapper.shared().readTree(answer.getBytes());
  }

  /** Returns the pod that it is about. */
  String podUid() {
    JsonNode json = requestJson();
    return verb.equals("bind")
        ? json.get("PodUID").asString()
        : json.get("Pod").get("metadata").get("uid").asString();
  }

  /** Returns the names of the nodes that an answer of filter keeps. */
  List<String> keptNodes() {
    JsonNode json = answerJson();
    List<String> names = new ArrayList<>();
    if (!json.path("NodeNames").isNull()) {
      json.path("NodeNames").forEach(name -> names.add(name.asString()));
    } else {
      json.path("Nodes").path("items").forEach(n -> names.add(n.at("/metadata/name").asString()));
    }
    return names;
  }
}
