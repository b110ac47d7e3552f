package nodes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lifecycleTaints are set and removed by the control plane itself.
var lifecycleTaints = []string{
	corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeMemoryPressure, corev1.TaintNodeDiskPressure,
	corev1.TaintNodePIDPressure, corev1.TaintNodeNetworkUnavailable, corev1.TaintNodeUnschedulable,
	"node.cloudprovider.kubernetes.io/uninitialized",
}

type document struct {
	Kind  string            `json:"kind"`
	Items []json.RawMessage `json:"items"`
}

// readJSON reads the output of `kubectl get nodes -o json`: a list, a single node, or several of them one after another.
func readJSON(name string, input io.Reader) ([]*corev1.Node, error) {
	decoder := json.NewDecoder(input)
	seen := map[string]bool{}
	var result []*corev1.Node
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: not JSON near byte %d: %w", name, decoder.InputOffset(), err)
		}
		var list document
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch list.Kind {
		case "List", "NodeList":
		case "Node":
			list.Items = []json.RawMessage{raw}
		default:
			return nil, fmt.Errorf("%s: kind is %q, expected List, NodeList or Node", name, list.Kind)
		}
		for i, item := range list.Items {
			node, err := parseNode(item)
			if err != nil {
				return nil, fmt.Errorf("%s: items[%d]: %w", name, i, err)
			}
			if seen[node.Name] {
				return nil, fmt.Errorf("%s: items[%d]: metadata.name %q is there twice", name, i, node.Name)
			}
			seen[node.Name] = true
			result = append(result, node)
		}
	}
	if len(result) == 0 {
		return nil, fmt.Errorf("%s: no nodes", name)
	}
	return result, nil
}

func parseNode(raw json.RawMessage) (*corev1.Node, error) {
	var node corev1.Node
	if err := json.Unmarshal(raw, &node); err != nil {
		return nil, err
	}
	if node.Kind != "" && node.Kind != "Node" {
		return nil, fmt.Errorf("kind is %q, expected Node", node.Kind)
	}
	if node.Name == "" {
		return nil, errors.New("metadata.name is missing")
	}
	return newcomer(&node), nil
}

// newcomer is the node as it would register in another cluster: hardware, labels, annotations, cordon and the taints that
// people set are kept; identity, addresses, conditions and the control plane's own taints are not.
func newcomer(node *corev1.Node) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: node.Labels, Annotations: node.Annotations},
		Spec: corev1.NodeSpec{
			Unschedulable: node.Spec.Unschedulable,
			Taints: slices.DeleteFunc(node.Spec.Taints, func(taint corev1.Taint) bool {
				return slices.Contains(lifecycleTaints, taint.Key)
			}),
		},
		Status: corev1.NodeStatus{
			Capacity:    node.Status.Capacity,
			Allocatable: node.Status.Allocatable,
			Images:      node.Status.Images,
			NodeInfo:    node.Status.NodeInfo,
		},
	}
}
