package io.stowage.extender.kube;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How Kubernetes objects are read from JSON.
 *
 * <p>Unknown fields are passed over. A field that is null is as if it were left out; a null inside
 * a list or map, which no API server writes, is refused.
 */
public final class KubernetesJson {
  private KubernetesJson() {}

  /** Returns a mapper that uses a factory of parsers; several documents may follow each other. */
  public static JsonMapper mapper(JsonFactory factory) {
    return JsonMapper.builder(factory)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .changeDefaultNullHandling(nulls -> JsonSetter.Value.construct(Nulls.SKIP, Nulls.FAIL))
        .build();
  }
}
