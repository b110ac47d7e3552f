package kubelet

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
)

// refusal is why a node does not admit a pod.
type refusal struct {
	// Reason is one word, such as UnexpectedAdmissionError, OutOfnvidia.com/gpu or TopologyAffinityError.
	Reason  string
	message string
}

// PodMessage is the message as the kubelet's rejectPod writes it into the pod's status.
func (r *refusal) PodMessage() string {
	return "Pod was rejected: " + r.message
}

// admission decides, when a bound pod is to start, whether its node takes it.
type admission struct {
	ctx      context.Context
	client   kubernetes.Interface
	recorder record.EventRecorder
	admitted *admitted
}

// refusal is called by the template that starts a pod, with the pod as decoded JSON. It answers nil when the pod may
// start, and reports a refusal as an Event, as the kubelet does. The node is read from the API server, not from a cache:
// an annotation that was set before the pod was bound always counts.
func (a *admission) refusal(object map[string]any) (*refusal, error) {
	encoded, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var pod corev1.Pod
	if err := json.Unmarshal(encoded, &pod); err != nil {
		return nil, err
	}
	node, err := a.client.CoreV1().Nodes().Get(a.ctx, pod.Spec.NodeName, metav1.GetOptions{})
	found := !apierrors.IsNotFound(err)
	if !found {
		node = &corev1.Node{}
	} else if err != nil {
		return nil, err
	}
	refused := refuse(&pod, node)
	if refused == nil && found {
		if refused, err = a.admitted.admit(a.ctx, &pod, node); err != nil {
			return nil, err
		}
	}
	if refused != nil {
		a.recorder.Event(&pod, corev1.EventTypeWarning, refused.Reason, refused.message)
	}
	return refused, nil
}

var (
	endValue        = regexp.MustCompile(endPattern)
	runSecondsValue = regexp.MustCompile(runSecondsPattern)
)

// refuse answers why annotations keep the node from taking the pod, nil if they do not.
func refuse(pod *corev1.Pod, node *corev1.Node) *refusal {
	for _, annotation := range []struct {
		annotations map[string]string
		name        string
		valid       func(string) bool
		expected    string
	}{
		{pod.Annotations, endAnnotation, endValue.MatchString, "Succeeded or Failed"},
		{pod.Annotations, runSecondsAnnotation, runSecondsValue.MatchString, "a number of seconds such as 90 or 0.5"},
		{node.Annotations, allocateAnnotation, func(value string) bool { return value == allocateNever }, allocateNever},
		{node.Annotations, allocateMillisAnnotation, isMillisRange, millisRangeForm},
	} {
		if value, set := annotation.annotations[annotation.name]; set && !annotation.valid(value) {
			return &refusal{
				Reason:  "InvalidAnnotation",
				message: fmt.Sprintf("%s is %q, expected %s", annotation.name, value, annotation.expected),
			}
		}
	}
	for _, told := range []struct {
		by          string
		annotations map[string]string
	}{{"pod " + pod.Name, pod.Annotations}, {"node " + node.Name, node.Annotations}} {
		if reason := told.annotations[refuseAnnotation]; reason != "" {
			message := told.annotations[refuseMessageAnnotation]
			if message == "" {
				message = fmt.Sprintf("the annotation %s of %s says so", refuseAnnotation, told.by)
			}
			return &refusal{Reason: reason, message: message}
		}
	}
	return nil
}
