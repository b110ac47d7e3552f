package io.stowage.extender.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.names.NodeNames;

/** Any body is decoded, or refused with a sentence. */
class RequestDecoderFuzz {
  private final RequestDecoder decoder = new RequestDecoder();
  private final NodeNames known = new NodeNames();
  private final PodReader podReader = new PodReader(GpuResources.DEFAULT);
  private final NodeReader nodeReader = new NodeReader(GpuResources.DEFAULT);

  RequestDecoderFuzz() {
    known.put("node-053", 0);
    known.put("n1", 1);
  }

  @FuzzTest
  void nodes(byte[] body) {
    try {
      NodesRequest request = decoder.nodes(Body.of(body), known);
      read(request.pod().decoded());
      for (String name : request.nodes().names()) {
        if (request.wholeNodes()) {
          nodeReader.read(decoder.node(name, request.json(name)));
        }
      }
    } catch (MalformedRequestException | InvalidObjectException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @FuzzTest
  void bind(byte[] body) {
    try {
      BindRequest request = decoder.bind(Body.of(body));
      assertThat(request.podUid()).isNotEmpty();
    } catch (MalformedRequestException | InvalidObjectException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @FuzzTest
  void preempt(byte[] body) {
    try {
      PreemptRequest request = decoder.preempt(Body.of(body));
      read(request.pod());
      assertThat(request.victimsByNode().values()).allSatisfy(v -> assertThat(v).isNotNull());
    } catch (MalformedRequestException | InvalidObjectException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  private void read(Pod pod) throws InvalidObjectException {
    podReader.read(pod);
    podReader.whyNeverServed(pod).ifPresent(why -> assertThat(why).isNotBlank());
  }
}
