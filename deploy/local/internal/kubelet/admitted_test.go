package kubelet

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

func resources(cpu, memory, pods string, gpus int64) corev1.ResourceList {
	list := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory),
	}
	if pods != "" {
		list[corev1.ResourcePods] = resource.MustParse(pods)
	}
	if gpus > 0 {
		list["nvidia.com/gpu"] = *resource.NewQuantity(gpus, resource.DecimalSI)
	}
	return list
}

func asking(name string, requests corev1.ResourceList) *corev1.Pod {
	asking := pod(corev1.PodPending, nil)
	asking.Name, asking.UID = name, types.UID("uid-of-"+name)
	asking.Spec.Containers[0].Resources = corev1.ResourceRequirements{Limits: requests, Requests: requests}
	return asking
}

func full() *corev1.Node {
	full := node(nil)
	full.Status.Allocatable = resources("8", "8Gi", "4", 2)
	return full
}

// admit answers the reason of the refusal, empty if the pod is taken.
func admit(t *testing.T, admitted *admitted, pod *corev1.Pod, node *corev1.Node) string {
	t.Helper()
	refused, err := admitted.admit(context.Background(), pod, node)
	if err != nil {
		t.Fatal(err)
	}
	if refused == nil {
		return ""
	}
	return refused.Reason
}

func TestANodeRefusesWhatExceedsItsSums(t *testing.T) {
	for _, test := range []struct {
		requests corev1.ResourceList
		want     string
	}{
		{resources("1", "1Gi", "", 1), ""},
		{resources("3", "1Gi", "", 0), "OutOfcpu"},
		{resources("1", "3Gi", "", 0), "OutOfmemory"},
		{resources("1", "1Gi", "", 2), "OutOfnvidia.com/gpu"},
	} {
		first := asking("first", resources("6", "6Gi", "", 1))
		admitted := newAdmitted(fake.NewClientset(first))
		if got := admit(t, admitted, first, full()); got != "" {
			t.Fatalf("the first pod is refused: %s", got)
		}
		if got := admit(t, admitted, asking("second", test.requests), full()); got != test.want {
			t.Errorf("%v is answered with %q, want %q", test.requests, got, test.want)
		}
	}
}

func TestANodeTakesSoManyPods(t *testing.T) {
	client := fake.NewClientset()
	admitted := newAdmitted(client)
	for i := range 5 {
		next := asking(fmt.Sprint("p", i), nil)
		if err := client.Tracker().Add(next); err != nil {
			t.Fatal(err)
		}
		want := ""
		if i == 4 {
			want = "OutOfpods"
		}
		if got := admit(t, admitted, next, full()); got != want {
			t.Errorf("pod %d is answered with %q, want %q", i, got, want)
		}
	}
}

func TestAPodCountsOnceAndUntilItHasEnded(t *testing.T) {
	all := resources("8", "8Gi", "", 2)
	first, second := asking("first", all), asking("second", all)
	client := fake.NewClientset(first)
	admitted := newAdmitted(client)
	for range 2 {
		if got := admit(t, admitted, first, full()); got != "" {
			t.Errorf("a pod counts against itself: %s", got)
		}
	}
	if got := admit(t, admitted, second, full()); got != "OutOfcpu" {
		t.Errorf("got %q, want OutOfcpu", got)
	}
	ended := first.DeepCopy()
	ended.Status.Phase = corev1.PodSucceeded
	admitted.observe(ended)
	if got := admit(t, admitted, second, full()); got != "" {
		t.Errorf("an ended pod counts: %s", got)
	}
}

func TestAnEndThatTheWatchHasNotShownYetCounts(t *testing.T) {
	all := resources("8", "8Gi", "", 2)
	ended := asking("first", all)
	ended.Status.Phase = corev1.PodFailed
	for name, client := range map[string]*fake.Clientset{"gone": fake.NewClientset(), "ended": fake.NewClientset(ended)} {
		admitted := newAdmitted(client)
		if got := admit(t, admitted, asking("first", all), full()); got != "" {
			t.Fatal(got)
		}
		if got := admit(t, admitted, asking("second", all), full()); got != "" {
			t.Errorf("a pod that is %s counts: %s", name, got)
		}
	}
}

func TestPodsThatAreThereAlreadyCount(t *testing.T) {
	running := asking("first", resources("8", "8Gi", "", 2))
	running.Status.Phase = corev1.PodRunning
	admitted := newAdmitted(fake.NewClientset(running))
	pending := asking("pending", resources("8", "8Gi", "", 2))
	admitted.observe(pending)
	admitted.observe(running)
	if got := admit(t, admitted, pending, full()); got != "OutOfcpu" {
		t.Errorf("got %q, want OutOfcpu", got)
	}
}
