package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnhealthyGpusTest {

  private static ConfigMap configMap(String name, String gpus) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .addToData("gpus", gpus)
        .build();
  }

  @Test
  void indicesOfANode() throws InvalidObjectException {
    assertThat(UnhealthyGpus.read(configMap("unhealthy-gpu-node-a", "0, 3 ,12")))
        .contains(new UnhealthyGpus("node-a", Set.of(0, 3, 12)));
  }

  @Test
  void noIndicesHeal() throws InvalidObjectException {
    assertThat(UnhealthyGpus.read(configMap("unhealthy-gpu-n", " ")))
        .contains(new UnhealthyGpus("n", Set.of()));
    ConfigMap empty =
        new ConfigMapBuilder().withNewMetadata().withName("unhealthy-gpu-n").endMetadata().build();
    assertThat(UnhealthyGpus.read(empty)).contains(new UnhealthyGpus("n", Set.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"kube-root-ca.crt", "unhealthy-gpu-", "an-unhealthy-gpu-n"})
  void otherConfigMapsAreAnotherMatter(String name) throws InvalidObjectException {
    assertThat(UnhealthyGpus.read(configMap(name, "0"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "0,", ",", "-1", "0;1", "1.5", "99999"})
  void malformedIndicesAreRefused(String gpus) {
    assertThatThrownBy(() -> UnhealthyGpus.read(configMap("unhealthy-gpu-n", gpus)))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessage("data[gpus]: expected device indices such as 0,3, was '" + gpus + "'");
  }
}
