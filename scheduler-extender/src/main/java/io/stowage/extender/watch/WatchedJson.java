package io.stowage.extender.watch;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.model.jackson.Jackson2JdkTypesModule;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.annotation.JsonDeserialize;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How lists and events of a watch are read: fields that nothing here reads and that can be long are
 * passed over, and an event's object is read at once, where fabric8 reads a tree first to see what
 * it is. All else is as fabric8 reads it.
 */
final class WatchedJson {
  private static final String VERSION = "v1";
  private static final Map<String, Class<? extends KubernetesResource>> KINDS =
      Map.of(
          "Pod", Pod.class,
          "Node", Node.class,
          "PersistentVolumeClaim", PersistentVolumeClaim.class,
          "ConfigMap", ConfigMap.class);

  private WatchedJson() {}

  /** Returns what reads so, for a client of its own: what it writes lacks those fields too. */
  static KubernetesSerialization serialization() {
    return new KubernetesSerialization(
        JsonMapper.builderWithJackson2Defaults()
            .addModule(new Jackson2JdkTypesModule())
            .addMixIn(WatchEvent.class, ObjectAtOnce.class)
            .addMixIn(ManagedFieldsEntry.class, ManagerAlone.class)
            .addMixIn(Container.class, WithoutProgram.class)
            .addMixIn(NodeStatus.class, WithoutImages.class)
            .build(),
        true);
  }

  interface ObjectAtOnce {
    @JsonDeserialize(using = EventObject.class)
    void setObject(Object object);
  }

  @JsonIgnoreProperties("fieldsV1")
  interface ManagerAlone {}

  @JsonIgnoreProperties({
    "args",
    "command",
    "env",
    "envFrom",
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "volumeMounts"
  })
  interface WithoutProgram {}

  @JsonIgnoreProperties({"images", "volumesAttached", "volumesInUse"})
  interface WithoutImages {}

  /** Reads the object of an event, which says first what it is. */
  static final class EventObject extends ValueDeserializer<Object> {
    private static final Set<String> TYPE = Set.of("kind", "apiVersion");

    /** Finding one takes as long as reading a small object. */
    private final Map<Class<?>, ValueDeserializer<Object>> readers = new ConcurrentHashMap<>();

    @Override
    public @Nullable Object deserialize(JsonParser parser, DeserializationContext context) {
      if (!parser.isExpectedStartObjectToken()) {
        return context.readTreeAsValue(context.readTree(parser), KubernetesResource.class);
      }
      ObjectNode type = context.getNodeFactory().objectNode();
      String field = parser.nextName();
      while (field != null && TYPE.contains(field)) {
        parser.nextToken();
        type.set(field, context.readTree(parser));
        field = parser.nextName();
      }
      Class<? extends KubernetesResource> known =
          VERSION.equals(type.path("apiVersion").asString(""))
              ? KINDS.get(type.path("kind").asString(""))
              : null;
      if (known != null && field != null) {
        return readers
            .computeIfAbsent(
                known, read -> context.findRootValueDeserializer(context.constructType(read)))
            .deserialize(parser, context);
      }
      ObjectNode object = (ObjectNode) context.readTree(parser);
      return context.readTreeAsValue(object.setAll(type), KubernetesResource.class);
    }
  }
}
