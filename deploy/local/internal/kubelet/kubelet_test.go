package kubelet

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"
	"sigs.k8s.io/kwok/pkg/utils/lifecycle"
)

var now = time.Now()

func pod(phase corev1.PodPhase, annotations map[string]string) *corev1.Pod {
	started := metav1.NewTime(now.Add(-10 * time.Second).Truncate(time.Second))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "default", Annotations: annotations},
		Spec:       corev1.PodSpec{NodeName: "n", Containers: []corev1.Container{{Name: "c", Image: "i"}}},
		Status: corev1.PodStatus{
			Phase:     phase,
			StartTime: &started,
			ContainerStatuses: []corev1.ContainerStatus{
				{Name: "c", Image: "i", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}}},
			},
		},
	}
}

func podStages(t *testing.T) []*internalversion.Stage {
	t.Helper()
	all, err := stages()
	if err != nil {
		t.Fatal(err)
	}
	return all[internalversion.StageResourceRef{APIGroup: "v1", Kind: "Pod"}]
}

// next is the stage that kwok would play for the pod, and after what delay; nil if none.
func next(t *testing.T, pod *corev1.Pod) (*lifecycle.Stage, time.Duration) {
	t.Helper()
	cycle, err := lifecycle.NewLifecycle(podStages(t))
	if err != nil {
		t.Fatal(err)
	}
	event := &lifecycle.Event{Labels: pod.Labels, Annotations: pod.Annotations, Data: pod}
	possible, err := cycle.ListAllPossible(context.Background(), event)
	if err != nil {
		t.Fatal(err)
	}
	switch len(possible) {
	case 0:
		return nil, 0
	case 1:
		delay, _, err := possible[0].Delay(context.Background(), event, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return possible[0], delay
	default:
		t.Fatalf("kwok would draw one of %d stages", len(possible))
		return nil, 0
	}
}

func TestOneStageFitsAPod(t *testing.T) {
	job := func(pod *corev1.Pod) *corev1.Pod {
		pod.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: "j"}}
		return pod
	}
	deleted := func(pod *corev1.Pod) *corev1.Pod {
		moment := metav1.Now()
		pod.DeletionTimestamp = &moment
		return pod
	}
	end := map[string]string{endAnnotation: "Failed"}
	seconds := map[string]string{runSecondsAnnotation: "30"}
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"bound":                         {pod(corev1.PodPending, nil), "pod-ready"},
		"bound, to end":                 {pod(corev1.PodPending, end), "pod-ready"},
		"running":                       {pod(corev1.PodRunning, nil), ""},
		"running, other annotation":     {pod(corev1.PodRunning, map[string]string{"a": "b"}), ""},
		"running, to end":               {pod(corev1.PodRunning, end), "pod-end"},
		"running, for a time":           {pod(corev1.PodRunning, seconds), "pod-end"},
		"running, no phase to end with": {pod(corev1.PodRunning, map[string]string{endAnnotation: "Running"}), ""},
		"running, no number":            {pod(corev1.PodRunning, map[string]string{runSecondsAnnotation: "1m"}), ""},
		"job":                           {job(pod(corev1.PodRunning, nil)), "pod-complete"},
		"job, for a time":               {job(pod(corev1.PodRunning, seconds)), "pod-end"},
		"deleted":                       {deleted(pod(corev1.PodRunning, end)), "pod-delete"},
		"failed":                        {pod(corev1.PodFailed, end), ""},
		"succeeded":                     {pod(corev1.PodSucceeded, seconds), ""},
	} {
		t.Run(name, func(t *testing.T) {
			stage, _ := next(t, test.pod)
			got := ""
			if stage != nil {
				got = stage.Name()
			}
			if got != test.want {
				t.Errorf("stage is %q, want %q", got, test.want)
			}
		})
	}
}

func TestRunTimeCountsFromTheStart(t *testing.T) {
	_, delay := next(t, pod(corev1.PodRunning, map[string]string{runSecondsAnnotation: "60.5"}))
	// Started 10 to 11 seconds before this test began, to the second.
	if delay > 51*time.Second || delay < 30*time.Second {
		t.Errorf("delay is %s, want 50.5 s less what this test has taken", delay)
	}
	_, delay = next(t, pod(corev1.PodRunning, map[string]string{runSecondsAnnotation: "3"}))
	if delay > 0 {
		t.Errorf("delay is %s, want none: the time is over", delay)
	}
	_, delay = next(t, pod(corev1.PodRunning, map[string]string{runSecondsAnnotation: "60", endAnnotation: "Failed"}))
	if delay != 0 {
		t.Errorf("delay is %s, want none: told to end now", delay)
	}
}

// render plays the template of a stage as kwok does.
func render(t *testing.T, name string, pod *corev1.Pod, node *corev1.Node) corev1.PodStatus {
	t.Helper()
	client := fake.NewClientset(node)
	admission := &admission{
		ctx: context.Background(), client: client, recorder: record.NewFakeRecorder(10), admitted: newAdmitted(client),
	}
	none := func(...any) []string { return nil }
	renderer := gotpl.NewRenderer(gotpl.FuncMap{
		"Refusal": admission.refusal, "NodeIPsWith": none, "PodIPsWith": none,
	})
	for _, stage := range podStages(t) {
		if stage.Name != name {
			continue
		}
		encoded, err := renderer.ToJSON(stage.Spec.Steps[0].Patch.Template, pod)
		if err != nil {
			t.Fatal(err)
		}
		var status corev1.PodStatus
		if err := json.Unmarshal(encoded, &status); err != nil {
			t.Fatal(err)
		}
		return status
	}
	t.Fatalf("no stage %s", name)
	return corev1.PodStatus{}
}

func node(annotations map[string]string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n", Annotations: annotations},
		Status:     corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("110")}},
	}
}

func TestEndAsTheKubeletReportsIt(t *testing.T) {
	for _, test := range []struct {
		annotations map[string]string
		phase       corev1.PodPhase
		exitCode    int32
		reason      string
		condition   string
	}{
		{map[string]string{endAnnotation: "Failed"}, corev1.PodFailed, 1, "Error", "PodFailed"},
		{map[string]string{endAnnotation: "Succeeded"}, corev1.PodSucceeded, 0, "Completed", "PodCompleted"},
		{map[string]string{runSecondsAnnotation: "1"}, corev1.PodSucceeded, 0, "Completed", "PodCompleted"},
	} {
		running := pod(corev1.PodRunning, test.annotations)
		status := render(t, "pod-end", running, node(nil))
		if status.Phase != test.phase {
			t.Errorf("phase is %s, want %s", status.Phase, test.phase)
		}
		terminated := status.ContainerStatuses[0].State.Terminated
		if terminated == nil || terminated.ExitCode != test.exitCode || terminated.Reason != test.reason {
			t.Errorf("container ended with %+v, want exit code %d and %s", terminated, test.exitCode, test.reason)
		}
		if terminated != nil && !terminated.StartedAt.Equal(running.Status.StartTime) {
			t.Errorf("container started at %s, want %s", terminated.StartedAt, running.Status.StartTime)
		}
		for _, condition := range status.Conditions {
			if condition.Status != corev1.ConditionFalse || condition.Reason != test.condition {
				t.Errorf("condition is %+v, want False for %s", condition, test.condition)
			}
		}
	}
}

func TestAdmission(t *testing.T) {
	refuseBy := map[string]string{refuseAnnotation: "UnexpectedAdmissionError"}
	for name, test := range map[string]struct {
		pod, node       map[string]string
		phase           corev1.PodPhase
		reason, message string
	}{
		"taken": {nil, nil, corev1.PodRunning, "", ""},
		"node refuses": {nil, refuseBy, corev1.PodFailed, "UnexpectedAdmissionError",
			"Pod was rejected: the annotation local.stowage.io/refuse of node n says so"},
		"pod is refused": {
			map[string]string{refuseAnnotation: "OutOfcpu", refuseMessageAnnotation: "a \"full\" node: none free"}, refuseBy,
			corev1.PodFailed, "OutOfcpu", `Pod was rejected: a "full" node: none free`},
		"run time is no number": {map[string]string{runSecondsAnnotation: "-1"}, nil, corev1.PodFailed, "InvalidAnnotation",
			`Pod was rejected: local.stowage.io/run-seconds is "-1", expected a number of seconds such as 90 or 0.5`},
		"plugin is told no sense": {nil, map[string]string{allocateAnnotation: "yes"}, corev1.PodFailed, "InvalidAnnotation",
			`Pod was rejected: local.stowage.io/allocate is "yes", expected never`},
		"no range": {nil, map[string]string{allocateMillisAnnotation: "9-5"}, corev1.PodFailed, "InvalidAnnotation",
			`Pod was rejected: local.stowage.io/allocate-millis is "9-5", expected two numbers of milliseconds such as 0-500`},
		"end is no phase": {map[string]string{endAnnotation: "done"}, nil, corev1.PodFailed, "InvalidAnnotation",
			`Pod was rejected: local.stowage.io/end is "done", expected Succeeded or Failed`},
	} {
		t.Run(name, func(t *testing.T) {
			status := render(t, "pod-ready", pod(corev1.PodPending, test.pod), node(test.node))
			if status.Phase != test.phase || status.Reason != test.reason || status.Message != test.message {
				t.Errorf("got %s, %q, %q, want %s, %q, %q",
					status.Phase, status.Reason, status.Message, test.phase, test.reason, test.message)
			}
		})
	}
}
