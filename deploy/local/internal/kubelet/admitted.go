package kubelet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// admitted are the pods that the nodes have taken and that have not ended: what the kubelet's own admission counts when
// it checks whether there is room for another. It may be used by several goroutines.
type admitted struct {
	client kubernetes.Interface

	mutex  sync.Mutex
	byNode map[string]map[types.UID]*corev1.Pod
}

func newAdmitted(client kubernetes.Interface) *admitted {
	return &admitted{client: client, byNode: map[string]map[types.UID]*corev1.Pod{}}
}

// admit is the kubelet's check of sums, node affinity and NoExecute taints. It answers nil and counts the pod if the node
// takes it. Pods that the watch still shows running may have ended, so that a refusal follows a look at the API server.
func (a *admitted) admit(ctx context.Context, pod *corev1.Pod, node *corev1.Node) (*refusal, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	refused := a.check(ctx, pod, node)
	if refused != nil {
		if err := a.dropEnded(ctx, node.Name); err != nil {
			return nil, err
		}
		refused = a.check(ctx, pod, node)
	}
	if refused == nil {
		a.put(pod)
	}
	return refused, nil
}

func (a *admitted) check(ctx context.Context, pod *corev1.Pod, node *corev1.Node) *refusal {
	others := maps.Clone(a.byNode[node.Name])
	delete(others, pod.UID)
	result := lifecycle.NewPredicateAdmitHandler(
		func(context.Context, bool) (*corev1.Node, error) { return node, nil },
		lifecycle.NewAdmissionFailureHandlerStub(),
		func(*framework.NodeInfo, *lifecycle.PodAdmitAttributes) error { return nil },
	).Admit(ctx, &lifecycle.PodAdmitAttributes{
		Pod: pod, OtherPods: slices.Collect(maps.Values(others)), Operation: lifecycle.AddOperation,
	})
	if result.Admit {
		return nil
	}
	return &refusal{Reason: result.Reason, message: result.Message}
}

func (a *admitted) dropEnded(ctx context.Context, nodeName string) error {
	onNode := fields.OneTermEqualSelector("spec.nodeName", nodeName).String()
	list, err := a.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: onNode})
	if err != nil {
		return fmt.Errorf("pods of node %s: %w", nodeName, err)
	}
	alive := map[types.UID]bool{}
	for i := range list.Items {
		if !hasEnded(&list.Items[i]) {
			alive[list.Items[i].UID] = true
		}
	}
	maps.DeleteFunc(a.byNode[nodeName], func(uid types.UID, _ *corev1.Pod) bool { return !alive[uid] })
	return nil
}

// observe takes in what the watch shows of a bound pod. A pending one is not admitted yet.
func (a *admitted) observe(pod *corev1.Pod) {
	if hasEnded(pod) {
		a.drop(pod)
	} else if pod.Status.Phase == corev1.PodRunning {
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.put(pod)
	}
}

func (a *admitted) put(pod *corev1.Pod) {
	pods := a.byNode[pod.Spec.NodeName]
	if pods == nil {
		pods = map[types.UID]*corev1.Pod{}
		a.byNode[pod.Spec.NodeName] = pods
	}
	pods[pod.UID] = pod
}

func (a *admitted) drop(pod *corev1.Pod) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.byNode[pod.Spec.NodeName], pod.UID)
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
