// Package gpushare stands in for the device plugins of the gpushare protocol
// (github.com/AliyunContainerService/gpushare-device-plugin): it answers Allocate from what it reads at the API server, and
// is as blind as they are. It depends on the Kubernetes API alone.
package gpushare

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

// Resources of a node that shares its GPUs, and the one that a container limits.
const (
	Memory = corev1.ResourceName("aliyun.com/gpu-mem")
	Count  = corev1.ResourceName("aliyun.com/gpu-count")
)

// None is what Allocate answers when it finds no device: the device plugin then writes the index -1 into the container's
// environment, and the container starts without a GPU.
const None = "none"

const (
	indexAnnotation      = "ALIYUN_COM_GPU_MEM_IDX"
	assignedAnnotation   = "ALIYUN_COM_GPU_MEM_ASSIGNED"
	assumeTimeAnnotation = "ALIYUN_COM_GPU_MEM_ASSUME_TIME"
)

// Plugin plays the device plugins of all nodes. It may be used by several goroutines.
type Plugin struct {
	client kubernetes.Interface
	locks  sync.Map // of *sync.Mutex, by the node's name: a device plugin allocates one by one
}

// NewPlugin makes a plugin that reads and patches pods with the client.
func NewPlugin(client kubernetes.Interface) *Plugin {
	return &Plugin{client: client}
}

// Allocate answers the kubelet of a node that wants this many units for a container: it does not say for which. As in the
// device plugin's allocate.go, the longest assumed of the node's pending pods that are not assigned yet and limit this
// very amount in sum gets assigned, and the container gets the device that the annotation of that pod names. The answer is
// the device's index, or None if there is no such pod, device or, by the time of the patch, pod. A node with one device
// gives that one where no pod matches.
func (p *Plugin) Allocate(ctx context.Context, node *corev1.Node, units int64) (string, error) {
	lock, _ := p.locks.LoadOrStore(node.Name, &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()

	pending := fields.Set{"spec.nodeName": node.Name, "status.phase": string(corev1.PodPending)}
	list, err := p.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx,
		metav1.ListOptions{FieldSelector: pending.AsSelector().String()})
	if err != nil {
		return "", fmt.Errorf("pods of node %s: %w", node.Name, err)
	}
	devices := node.Status.Allocatable[Count]
	pod := oldestAssumed(list.Items, units)
	if pod == nil {
		if devices.Value() == 1 {
			return "0", nil
		}
		return None, nil
	}
	index, err := strconv.ParseInt(pod.Annotations[indexAnnotation], 10, 32)
	if err != nil || index < 0 || index >= devices.Value() {
		return None, nil
	}
	if err := p.assign(ctx, pod); err != nil {
		klog.InfoS("No device: the pod that matched cannot be assigned", "pod", klog.KObj(pod), "err", err)
		return None, nil
	}
	return strconv.FormatInt(index, 10), nil
}

// oldestAssumed is the assumed, unassigned pod of this amount with the least assume time, nil if there is none.
func oldestAssumed(pods []corev1.Pod, units int64) *corev1.Pod {
	var oldest *corev1.Pod
	for i := range pods {
		pod := &pods[i]
		_, assumed := pod.Annotations[assumeTimeAnnotation]
		if assumed && pod.Annotations[assignedAnnotation] == "false" && limit(pod) == units &&
			(oldest == nil || assumeTime(pod) < assumeTime(oldest)) {
			oldest = pod
		}
	}
	return oldest
}

// limit is what the containers of a pod limit in sum; init containers do not count for the device plugin.
func limit(pod *corev1.Pod) int64 {
	var sum int64
	for _, container := range pod.Spec.Containers {
		sum += Limit(container)
	}
	return sum
}

// Limit is how many units the kubelet asks for when it starts the container, zero if none.
func Limit(container corev1.Container) int64 {
	units := container.Resources.Limits[Memory]
	return units.Value()
}

// Asks reports whether a container of the pod asks for units.
func Asks(pod *corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers),
		func(container corev1.Container) bool { return Limit(container) > 0 })
}

// assumeTime is zero, the longest ago, for what is no number.
func assumeTime(pod *corev1.Pod) uint64 {
	time, err := strconv.ParseUint(pod.Annotations[assumeTimeAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return time
}

// assign marks the pod; like the device plugin it also sets the assume time anew.
func (p *Plugin) assign(ctx context.Context, pod *corev1.Pod) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
		assignedAnnotation:   "true",
		assumeTimeAnnotation: strconv.FormatInt(time.Now().UnixNano(), 10),
	}}})
	if err != nil {
		return err
	}
	_, err = p.client.CoreV1().Pods(pod.Namespace).
		Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	return err
}
