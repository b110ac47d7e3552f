package kubelet

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"

	"stowage.io/local/internal/gpushare"
)

func sharing(name string, units int64, index int) *corev1.Pod {
	share := pod(corev1.PodPending, map[string]string{
		"ALIYUN_COM_GPU_MEM_IDX":         fmt.Sprint(index),
		"ALIYUN_COM_GPU_MEM_ASSIGNED":    "false",
		"ALIYUN_COM_GPU_MEM_ASSUME_TIME": fmt.Sprint(index + 1),
	})
	share.Name, share.UID = name, types.UID("uid-of-"+name)
	share.Spec.Containers[0].Resources.Limits = corev1.ResourceList{gpushare.Memory: *resource.NewQuantity(units, resource.DecimalSI)}
	return share
}

func sharingNode(devices int64, annotations map[string]string) *corev1.Node {
	shared := node(annotations)
	shared.Status.Allocatable = corev1.ResourceList{gpushare.Count: *resource.NewQuantity(devices, resource.DecimalSI)}
	return shared
}

func given(t *testing.T, client kubernetes.Interface, name string) (string, bool) {
	t.Helper()
	pod, err := client.CoreV1().Pods("default").Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	device, set := pod.Annotations[givenDeviceAnnotation]
	return device, set
}

func TestEqualSharesGetEachOthersDevices(t *testing.T) {
	const count = 8
	const seed = 7
	t.Logf("seed %d", seed)
	client := fake.NewClientset(sharingNode(count, map[string]string{allocateMillisAnnotation: "0-200"}))
	devices := newDevices(client, seed, millisRange{0, 0})
	go devices.run(t.Context())
	for i := range count {
		share := sharing(fmt.Sprint("p", i), 4, i)
		if err := client.Tracker().Add(share); err != nil {
			t.Fatal(err)
		}
		devices.observe(share)
	}
	swapped := 0
	seen := map[string]bool{}
	for i := range count {
		name := fmt.Sprint("p", i)
		err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true,
			func(context.Context) (bool, error) { _, set := given(t, client, name); return set, nil })
		if err != nil {
			t.Fatal(err)
		}
		device, _ := given(t, client, name)
		seen[device] = true
		if device != fmt.Sprint(i) {
			swapped++
		}
	}
	if len(seen) != count || swapped == 0 {
		t.Errorf("devices given are %v, %d not to the pod that names them; want each once and some swapped", seen, swapped)
	}
}

func TestDelayIsDrawnFromTheSeed(t *testing.T) {
	delays := func(seed uint64) (drawn [20]time.Duration) {
		devices := &devices{seed: seed, delay: millisRange{100, 300}}
		for i := range drawn {
			var err error
			if drawn[i], err = devices.delayOf(sharing(fmt.Sprint("p", i), 1, 0), node(nil)); err != nil {
				t.Fatal(err)
			}
			if drawn[i] < 100*time.Millisecond || drawn[i] > 300*time.Millisecond {
				t.Errorf("delay is %s, want 100 to 300 ms", drawn[i])
			}
		}
		return drawn
	}
	if delays(1) != delays(1) {
		t.Error("the same seed gives other delays")
	}
	if delays(1) == delays(2) {
		t.Error("another seed gives the same delays")
	}
}

func TestDevicesAreGivenOnlyWhereTheyCanBe(t *testing.T) {
	started := sharing("p", 4, 1)
	started.Status.Phase = corev1.PodRunning
	recreated := sharing("p", 4, 1)
	recreated.UID = "another"
	told := sharing("p", 4, 1)
	told.Annotations[refuseAnnotation] = "TopologyAffinityError"
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		node *corev1.Node
		want string
	}{
		"assumed":              {sharing("p", 4, 1), sharingNode(2, nil), "1"},
		"no such device":       {sharing("p", 4, 2), sharingNode(2, nil), gpushare.None},
		"no device plugin":     {sharing("p", 4, 1), sharingNode(0, nil), gpushare.None},
		"refused":              {told, sharingNode(2, nil), gpushare.None},
		"plugin stuck":         {sharing("p", 4, 1), sharingNode(2, map[string]string{allocateAnnotation: allocateNever}), ""},
		"recreated":            {recreated, sharingNode(2, nil), ""},
		"started":              {started, sharingNode(2, nil), ""},
		"shares nothing":       {sharing("p", 0, 1), sharingNode(2, nil), ""},
		"plugin told no sense": {sharing("p", 4, 1), sharingNode(2, map[string]string{allocateAnnotation: "no"}), gpushare.None},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(test.pod, test.node)
			devices := newDevices(client, 1, millisRange{0, 0})
			next := allocation{uid: "uid-of-p", due: true}
			next.Namespace, next.Name = "default", "p"
			if err := devices.proceed(t.Context(), next); err != nil {
				t.Fatal(err)
			}
			if device, _ := given(t, client, "p"); device != test.want {
				t.Errorf("given is %q, want %q", device, test.want)
			}
			refused := test.pod.Annotations["ALIYUN_COM_GPU_MEM_ASSIGNED"]
			if pod, _ := client.CoreV1().Pods("default").Get(t.Context(), "p", metav1.GetOptions{}); test.want == gpushare.None &&
				pod.Annotations["ALIYUN_COM_GPU_MEM_ASSIGNED"] != refused {
				t.Error("a pod without a device is assigned")
			}
		})
	}
}

func TestAShareStartsWhenItHasBeenGivenADevice(t *testing.T) {
	share := sharing("p", 4, 1)
	if stage, _ := next(t, share); stage != nil || !awaits(share) {
		t.Errorf("plays %v before the device is given", stage)
	}
	share.Annotations[givenDeviceAnnotation] = "1"
	if stage, _ := next(t, share); stage == nil || stage.Name() != "pod-ready" || awaits(share) {
		t.Errorf("plays %v after the device is given", stage)
	}
}

func TestMillisRange(t *testing.T) {
	if got, err := parseMillisRange("5-500"); err != nil || got != (millisRange{5, 500}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "5", "5-", "-5", "9-5", "a-b", "1.5-2"} {
		if isMillisRange(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}
