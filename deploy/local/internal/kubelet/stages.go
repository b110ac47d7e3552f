package kubelet

import (
	_ "embed"
	"fmt"

	"sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
	"sigs.k8s.io/yaml"

	"stowage.io/local/internal/gpushare"
)

//go:embed pod-end.yaml
var podEnd string

// Annotations of a pod that say how it ends, of a pod or a node that refuse a pod, of a node that say how its device
// plugin allocates, and of a pod that say what it was given.
const (
	endAnnotation            = "local.stowage.io/end"
	runSecondsAnnotation     = "local.stowage.io/run-seconds"
	refuseAnnotation         = "local.stowage.io/refuse"
	refuseMessageAnnotation  = "local.stowage.io/refuse-message"
	allocateAnnotation       = "local.stowage.io/allocate"
	allocateMillisAnnotation = "local.stowage.io/allocate-millis"
	givenDeviceAnnotation    = "local.stowage.io/given-device"
)

const (
	endPattern        = `^(Succeeded|Failed)$`
	runSecondsPattern = `^[0-9]{1,9}([.][0-9]{1,9})?$`
)

// toldToEnd yields "told" for a pod whose annotations say how it ends, and nothing for any other.
const toldToEnd = `(.metadata.annotations // {}) | select(` +
	`(.["` + endAnnotation + `"] // "" | test("` + endPattern + `")) or ` +
	`(.["` + runSecondsAnnotation + `"] // "" | test("` + runSecondsPattern + `"))) | "told"`

// awaitsDevice yields "awaits" for a pod that asks for a share of a GPU and has not been given one, or none, yet.
const awaitsDevice = `select([(.spec.initContainers // [], .spec.containers)[]` +
	` | .resources.limits["` + string(gpushare.Memory) + `"] // empty] | length > 0)` +
	` | select(.metadata.annotations["` + givenDeviceAnnotation + `"] == null) | "awaits"`

// admissionTemplate wraps the template that starts a pod: a refused pod fails instead, with what the kubelet's rejectPod
// writes.
const admissionTemplate = `{{ with Refusal . }}
phase: Failed
reason: {{ .Reason | Quote }}
message: {{ .PodMessage | Quote }}
{{ else }}
%s
{{ end }}`

// stages are kwok's own for nodes and for pods that start, complete as part of a Job and are deleted, with admission put
// before the start, and the end of pods that are told how to end.
func stages() (map[internalversion.StageResourceRef][]*internalversion.Stage, error) {
	loaded := map[string]*internalversion.Stage{}
	byResource := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for _, text := range []string{
		fast.DefaultNodeInit, heartbeat.DefaultNodeHeartbeatWithLease,
		podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete, podEnd,
	} {
		var external v1alpha1.Stage
		if err := yaml.UnmarshalStrict([]byte(text), &external); err != nil {
			return nil, fmt.Errorf("stage: %w", err)
		}
		stage, err := internalversion.ConvertToInternalStage(&external)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", external.Name, err)
		}
		loaded[stage.Name] = stage
		byResource[stage.Spec.ResourceRef] = append(byResource[stage.Spec.ResourceRef], stage)
	}
	start := loaded["pod-ready"].Spec.Steps[0].Patch
	start.Template = fmt.Sprintf(admissionTemplate, start.Template)
	require(loaded["pod-ready"], awaitsDevice, internalversion.SelectorOpNotIn, "awaits")
	require(loaded["pod-end"], toldToEnd, internalversion.SelectorOpIn, "told")
	require(loaded["pod-complete"], toldToEnd, internalversion.SelectorOpNotIn, "told")
	return byResource, nil
}

func require(stage *internalversion.Stage, expression string, operator internalversion.SelectorOperator, value string) {
	stage.Spec.Selector.MatchExpressions = append(stage.Spec.Selector.MatchExpressions, internalversion.MatchExpression{
		JQ: &internalversion.SelectorJQ{Key: expression, Operator: operator, Values: []string{value}},
	})
}
