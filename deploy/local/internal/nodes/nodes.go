package nodes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// Read reads a node file: CSV of the trace's form, or the JSON of `kubectl get nodes -o json` when it starts with a brace.
// The shape counts for CSV only.
func Read(path string, shape Shape) ([]*corev1.Node, error) {
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	input := bufio.NewReader(file)
	if first, err := firstRune(input); err == nil && first == '{' {
		return readJSON(path, input)
	}
	return readCSV(path, input, shape)
}

// firstRune is the first character that is not white space; it stays unread.
func firstRune(input *bufio.Reader) (rune, error) {
	for {
		character, _, err := input.ReadRune()
		if err != nil {
			return 0, err
		}
		if !unicode.IsSpace(character) {
			return character, input.UnreadRune()
		}
	}
}

const createInParallel = 16

// Create creates the nodes as Ready, several at a time: with that many, waiting for each kubelet's first report would take
// most of the start. It stops at the first that the API server refuses.
func Create(ctx context.Context, client kubernetes.Interface, nodes []*corev1.Node) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(createInParallel)
	for _, node := range nodes {
		group.Go(func() error {
			if _, err := client.CoreV1().Nodes().Create(ctx, reporting(node), metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("create node %s: %w", node.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// reporting is the node with what its kubelet reports first.
func reporting(node *corev1.Node) *corev1.Node {
	result := node.DeepCopy()
	result.Status.Phase = corev1.NodeRunning // where kwok's heartbeat takes over
	result.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: node.Name},
		{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}, // connections to a kubelet (logs, exec) fail at once
	}
	now := metav1.Now()
	for _, condition := range []corev1.NodeCondition{
		{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady"},
		{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientMemory"},
		{Type: corev1.NodeDiskPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasNoDiskPressure"},
		{Type: corev1.NodePIDPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientPID"},
	} {
		condition.LastHeartbeatTime = now
		condition.LastTransitionTime = now
		result.Status.Conditions = append(result.Status.Conditions, condition)
	}
	return result
}

const pollInterval = 250 * time.Millisecond

// AwaitReady waits until every node named is Ready and free of the not-ready taint.
func AwaitReady(ctx context.Context, client kubernetes.Interface, nodes []*corev1.Node) error {
	waiting := len(nodes)
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return false, err
		}
		ready := map[string]bool{}
		for _, node := range list.Items {
			ready[node.Name] = isReady(&node)
		}
		waiting = 0
		for _, node := range nodes {
			if !ready[node.Name] {
				waiting++
			}
		}
		return waiting == 0, nil
	})
	if err != nil {
		return fmt.Errorf("%d of %d nodes are not Ready: %w", waiting, len(nodes), errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func isReady(node *corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeNotReady {
			return false
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
