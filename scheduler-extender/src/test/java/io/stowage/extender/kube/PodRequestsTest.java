package io.stowage.extender.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases worked out by hand from {@code component-helpers/resource/helpers.go} of v1.37. */
class PodRequestsTest {
  private static final KubernetesSerialization JSON = new KubernetesSerialization();

  private static Arguments pod(String name, String spec, String expected) {
    return Arguments.of(name, spec, "{}", expected);
  }

  private static Arguments pod(String name, String spec, String status, String expected) {
    return Arguments.of(name, spec, status, expected);
  }

  static Stream<Arguments> cases() {
    String main = "'containers':[{'name':'c','resources':{'requests':{'cpu':'1','memory':'1Gi'}}}]";
    return Stream.of(
        pod("nothing asked", "{'containers':[{'name':'c'}]}", "{}"),
        pod("null lists", "{'containers':null,'initContainers':null,'overhead':null}", "{}"),
        pod(
            "containers are summed before rounding",
            """
            {'containers':[{'name':'a','resources':{'requests':{'cpu':'100m','memory':'1'}}},
                           {'name':'b','resources':{'requests':{'cpu':'0.2','x.com/y':'3'}}}]}""",
            "cpu=0.3 memory=1 x.com/y=3"),
        pod(
            "requests that are missing come from the limits, resource by resource",
            """
            {'containers':[{'name':'a','resources':{'limits':{'cpu':'2','memory':'4'},
                                                    'requests':{'cpu':'1'}}}]}""",
            "cpu=1 memory=4"),
        pod(
            "the largest init container counts where it exceeds the sum",
            """
            {'initContainers':[{'name':'i','resources':{'requests':{'cpu':'2','memory':'1'}}},
                               {'name':'j','resources':{'requests':{'cpu':'2','memory':'3'}}}],
             'containers':[{'name':'a','resources':{'requests':{'cpu':'2','memory':'1'}}},
                           {'name':'b','resources':{'requests':{'cpu':'1','memory':'1'}}}]}""",
            "cpu=3 memory=3"),
        pod(
            "a sidecar runs beside the containers",
            """
            {'initContainers':[{'name':'s','restartPolicy':'Always',
                                'resources':{'requests':{'cpu':'1'}}}],
             'containers':[{'name':'a','resources':{'requests':{'cpu':'2'}}}]}""",
            "cpu=3"),
        pod(
            "an init container runs beside the sidecars started before it",
            """
            {'initContainers':[{'name':'s','restartPolicy':'Always',
                                'resources':{'requests':{'cpu':'1'}}},
                               {'name':'i','resources':{'requests':{'cpu':'5'}}}],
             'containers':[{'name':'a','resources':{'requests':{'cpu':'2'}}}]}""",
            "cpu=6"),
        pod(
            "but not beside the sidecars started after it",
            """
            {'initContainers':[{'name':'i','resources':{'requests':{'cpu':'5'}}},
                               {'name':'s','restartPolicy':'Always',
                                'resources':{'requests':{'cpu':'1'}}}],
             'containers':[{'name':'a','resources':{'requests':{'cpu':'2'}}}]}""",
            "cpu=5"),
        pod(
            "sidecars around init containers add up in their order",
            """
            {'initContainers':[{'name':'s1','restartPolicy':'Always',
                                'resources':{'requests':{'cpu':'1'}}},
                               {'name':'i1','resources':{'requests':{'cpu':'4'}}},
                               {'name':'s2','restartPolicy':'Always',
                                'resources':{'requests':{'cpu':'2'}}},
                               {'name':'i2','resources':{'requests':{'cpu':'3'}}}],
             'containers':[{'name':'a','resources':{'requests':{'cpu':'1'}}}]}""",
            "cpu=6"),
        pod(
            "overhead comes on top",
            "{" + main + ",'overhead':{'cpu':'250m'}}",
            "cpu=1.25 memory=1073741824"),
        pod(
            "pod-level requests replace CPU and memory, larger or smaller, and nothing else",
            """
            {'resources':{'requests':{'cpu':'3','memory':'1','x.com/y':'9'}},'overhead':{'cpu':'1'},
             'containers':[{'name':'a','resources':{'requests':{'cpu':'1','memory':'5',
                                                                'x.com/y':'2'}}}]}""",
            "cpu=4 memory=1 x.com/y=2"),
        pod(
            "pod-level limits alone leave what the containers ask and give the rest",
            """
            {'resources':{'limits':{'cpu':'3','memory':'7'}},
             'containers':[{'name':'a','resources':{'requests':{'cpu':'1'}}}]}""",
            "cpu=1 memory=7"),
        pod(
            "pod-level huge pages replace the sum",
            """
            {'resources':{'requests':{'hugepages-2Mi':'4Mi','cpu':'1'}},
             'containers':[{'name':'a','resources':{'requests':{'hugepages-2Mi':'2Mi'}}}]}""",
            "cpu=1 hugepages-2Mi=4194304"),
        pod(
            "a resize that is asked counts at once",
            "{" + main + "}",
            """
            {'containerStatuses':[{'name':'c','allocatedResources':{'cpu':'500m','memory':'1Gi'},
              'resources':{'requests':{'cpu':'500m','memory':'1Gi'}}}]}""",
            "cpu=1 memory=1073741824"),
        pod(
            "a smaller resize counts only once it is in effect",
            "{" + main + "}",
            """
            {'containerStatuses':[{'name':'c','allocatedResources':{'cpu':'1','memory':'1Gi'},
              'resources':{'requests':{'cpu':'3','memory':'1Gi'}}}]}""",
            "cpu=3 memory=1073741824"),
        pod(
            "what is asked does not count where the resize is infeasible",
            "{" + main + "}",
            """
            {'conditions':[{'type':'PodResizePending','status':'True','reason':'Infeasible'}],
             'containerStatuses':[{'name':'c','allocatedResources':{'cpu':'500m','memory':'1Mi'},
              'resources':{'requests':{'cpu':'250m','memory':'1Mi'}}}]}""",
            "cpu=0.5 memory=1048576"),
        pod(
            "a deferred resize counts",
            "{" + main + "}",
            """
            {'conditions':[{'type':'PodResizePending','status':'True','reason':'Deferred'}],
             'containerStatuses':[{'name':'c','allocatedResources':{'cpu':'500m','memory':'1Mi'},
              'resources':{'requests':{'cpu':'250m','memory':'1Mi'}}}]}""",
            "cpu=1 memory=1073741824"),
        pod(
            "sidecars are resized by their own status",
            """
            {'initContainers':[{'name':'s','restartPolicy':'Always',
                                'resources':{'requests':{'cpu':'1'}}}],
             'containers':[{'name':'a','resources':{'requests':{'cpu':'2'}}}]}""",
            """
            {'initContainerStatuses':[{'name':'s','allocatedResources':{'cpu':'4'}}],
             'containerStatuses':[{'name':'a','allocatedResources':{'cpu':'2'}}]}""",
            "cpu=6"),
        pod(
            "pod-level status is the sum where it is there",
            "{'resources':{'requests':{'cpu':'2'}}," + main + "}",
            """
            {'allocatedResources':{'cpu':'3','memory':'1Gi'},
             'resources':{'requests':{'cpu':'1','memory':'2Gi'}},
             'containerStatuses':[{'name':'c','allocatedResources':{'cpu':'9','memory':'9Gi'}}]}""",
            "cpu=3 memory=2147483648"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void countsAsKubeScheduler(String name, String spec, String status, String expected)
      throws InvalidObjectException {
    assertThat(text(PodRequests.of(pod(spec, status))))
        .isEqualTo(expected.replaceAll("^\\{}$", ""));
  }

  @Test
  void errorNamesTheField() {
    Pod pod =
        pod(
            """
            {'containers':[{'name':'a'},{'name':'b','resources':{'requests':{'cpu':'1 core'}}}]}""",
            "{}");
    assertThatThrownBy(() -> PodRequests.of(pod))
        .isInstanceOf(InvalidObjectException.class)
        .hasMessage(
            "spec.containers[1].resources.requests[cpu]:"
                + " expected a quantity such as 500m or 2Gi, was '1 core'");
  }

  private static Pod pod(String spec, String status) {
    return JSON.unmarshal(
        ("{'spec':" + spec + ",'status':" + status + "}").replace('\'', '"'), Pod.class);
  }

  private static String text(Map<String, BigDecimal> amounts) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(amounts)
        .forEach(
            (resource, amount) ->
                text.append(text.isEmpty() ? "" : " ")
                    .append(resource)
                    .append('=')
                    .append(amount.stripTrailingZeros().toPlainString()));
    return text.toString();
  }
}
