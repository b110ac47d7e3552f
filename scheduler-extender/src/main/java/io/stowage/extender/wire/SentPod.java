package io.stowage.extender.wire;

import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.InvalidObjectException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The pod of a request, decoded when it is asked for. By its UID and version a pod that is known
 * already need not be decoded again.
 */
public final class SentPod {
  private final JsonMapper mapper;
  private final ByteSlice json;
  private final String uid;
  private final String resourceVersion;
  private @Nullable Pod decoded;

  /**
   * Creates a pod that is not decoded yet.
   *
   * @param json a JSON object
   * @param uid its UID, empty where that takes decoding
   * @param resourceVersion its version, empty where that takes decoding
   */
  SentPod(JsonMapper mapper, ByteSlice json, String uid, String resourceVersion) {
    this.mapper = mapper;
    this.json = json;
    this.uid = uid;
    this.resourceVersion = resourceVersion;
  }

  /** Creates a pod that was decoded. */
  SentPod(JsonMapper mapper, Pod decoded) {
    this(mapper, ByteSlice.EMPTY, "", "");
    this.decoded = decoded;
  }

  /** Returns the pod's UID where it was found without decoding, else an empty text. */
  public String uid() {
    return uid;
  }

  /** Returns the pod's version where it was found without decoding, else an empty text. */
  public String resourceVersion() {
    return resourceVersion;
  }

  /** Returns the pod. */
  public Pod decoded() throws InvalidObjectException {
    Pod pod = decoded;
    if (pod == null) {
      try {
        pod = mapper.readValue(json.bytes(), json.offset(), json.length(), Pod.class);
      } catch (JacksonException e) {
        throw Tokens.invalid("Pod", e);
      }
      decoded = pod;
    }
    return pod;
  }
}
