package gpushare

import (
	"context"
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func node(devices int64) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"},
		Status:     corev1.NodeStatus{Allocatable: corev1.ResourceList{Count: *resource.NewQuantity(devices, resource.DecimalSI)}},
	}
}

func share(name string, units int64, annotations map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", Annotations: annotations},
		Spec: corev1.PodSpec{NodeName: "n", Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{
			Limits: corev1.ResourceList{Memory: *resource.NewQuantity(units, resource.DecimalSI)},
		}}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
}

func assumed(index, time string) map[string]string {
	return map[string]string{indexAnnotation: index, assignedAnnotation: "false", assumeTimeAnnotation: time}
}

func with(annotations map[string]string, key, value string) map[string]string {
	changed := maps.Clone(annotations)
	changed[key] = value
	return changed
}

// clientWith holds the pods and, unlike the fake client by itself, obeys field selectors.
func clientWith(pods ...*corev1.Pod) *fake.Clientset {
	client := fake.NewClientset()
	for _, pod := range pods {
		_ = client.Tracker().Add(pod)
	}
	client.PrependReactor("list", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		list := action.(clienttesting.ListAction)
		all, err := client.Tracker().List(list.GetResource(), corev1.SchemeGroupVersion.WithKind("Pod"), "")
		if err != nil {
			return true, nil, err
		}
		selected := &corev1.PodList{}
		for _, pod := range all.(*corev1.PodList).Items {
			values := fields.Set{"spec.nodeName": pod.Spec.NodeName, "status.phase": string(pod.Status.Phase)}
			if list.GetListRestrictions().Fields.Matches(values) {
				selected.Items = append(selected.Items, pod)
			}
		}
		return true, selected, nil
	})
	return client
}

func allocate(t *testing.T, plugin *Plugin, devices, units int64) string {
	t.Helper()
	device, err := plugin.Allocate(context.Background(), node(devices), units)
	if err != nil {
		t.Fatal(err)
	}
	return device
}

func assigned(t *testing.T, client kubernetes.Interface, name string) map[string]string {
	t.Helper()
	pod, err := client.CoreV1().Pods("default").Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod.Annotations
}

func TestTheOldestPodOfTheAmountIsAssigned(t *testing.T) {
	client := clientWith(
		share("newer", 4, assumed("1", "200")), share("older", 4, assumed("3", "100")), share("other", 8, assumed("2", "50")))
	plugin := NewPlugin(client)
	for _, want := range []string{"3", "1", None} {
		if got := allocate(t, plugin, 4, 4); got != want {
			t.Errorf("device is %s, want %s", got, want)
		}
	}
	older := assigned(t, client, "older")
	if older[assignedAnnotation] != "true" || older[assumeTimeAnnotation] == "100" || older[indexAnnotation] != "3" {
		t.Errorf("annotations of the assigned pod are %v", older)
	}
	if other := assigned(t, client, "other"); other[assignedAnnotation] != "false" {
		t.Errorf("a pod of another amount has been assigned: %v", other)
	}
}

func TestWhatIsNoCandidateGetsNoDevice(t *testing.T) {
	running := share("p", 4, assumed("1", "1"))
	running.Status.Phase = corev1.PodRunning
	elsewhere := share("p", 4, assumed("1", "1"))
	elsewhere.Spec.NodeName = "other"
	unassumed := assumed("1", "1")
	delete(unassumed, assumeTimeAnnotation)
	unsaid := assumed("1", "1")
	delete(unsaid, assignedAnnotation)
	for name, pod := range map[string]*corev1.Pod{
		"other amount":     share("p", 5, assumed("1", "1")),
		"assigned":         share("p", 4, with(assumed("1", "1"), assignedAnnotation, "true")),
		"not assumed":      share("p", 4, unassumed),
		"no assigned flag": share("p", 4, unsaid),
		"no such device":   share("p", 4, assumed("2", "1")),
		"negative device":  share("p", 4, assumed("-1", "1")),
		"no number":        share("p", 4, assumed("one", "1")),
		"running":          running,
		"on another node":  elsewhere,
		"not annotated":    share("p", 4, nil),
	} {
		t.Run(name, func(t *testing.T) {
			if got := allocate(t, NewPlugin(clientWith(pod)), 2, 4); got != None {
				t.Errorf("device is %s, want none", got)
			}
		})
	}
}

func TestTheOnlyDeviceIsGivenWithoutAMatch(t *testing.T) {
	client := clientWith(share("p", 8, assumed("0", "1")))
	if got := allocate(t, NewPlugin(client), 1, 4); got != "0" {
		t.Errorf("device is %s, want 0", got)
	}
	if annotations := assigned(t, client, "p"); annotations[assignedAnnotation] != "false" {
		t.Errorf("a pod of another amount has been assigned: %v", annotations)
	}
}

func TestAPodThatIsGoneByThenGivesNoDevice(t *testing.T) {
	client := clientWith(share("p", 4, assumed("1", "1")))
	client.PrependReactor("patch", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		patch := action.(clienttesting.PatchAction)
		return false, nil, client.Tracker().Delete(patch.GetResource(), patch.GetNamespace(), patch.GetName())
	})
	if got := allocate(t, NewPlugin(client), 2, 4); got != None {
		t.Errorf("device is %s, want none", got)
	}
}
