// Package nodes reads node files and creates the nodes they describe in a cluster. It depends on client-go only.
package nodes

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GPUMode says how the GPUs of a node appear among its resources.
type GPUMode string

const (
	// Whole GPUs, counted as NVIDIA's device plugin counts them: nvidia.com/gpu.
	Whole GPUMode = "whole"
	// GPUShare is memory that pods share, as the gpushare device plugin counts it: aliyun.com/gpu-mem is the sum over
	// the node's GPUs, aliyun.com/gpu-count their number.
	GPUShare GPUMode = "gpushare"
)

// Shape is what a line of the trace's form does not say about a node.
type Shape struct {
	// Pods is the number of pods a node takes.
	Pods int64
	// GPUMode says how GPUs appear.
	GPUMode GPUMode
	// GPUUnits is what one GPU has in GPUShare mode, in the unit of aliyun.com/gpu-mem.
	GPUUnits int64
}

// DefaultShape has 256 pods a node, which is GKE's upper limit and what a /24 of pod addresses gives: the kubelet's own
// default of 110 would make the pod count, not CPU or GPU, the limit of a 128-core node with small pods. A thousand
// units a card are the milli-GPU of the Alibaba trace.
var DefaultShape = Shape{Pods: 256, GPUMode: Whole, GPUUnits: 1000}

// Validate names the field that is out of range.
func (s Shape) Validate() error {
	if s.Pods < 1 {
		return fmt.Errorf("pods per node is %d, expected at least 1", s.Pods)
	}
	if s.GPUMode != Whole && s.GPUMode != GPUShare {
		return fmt.Errorf("GPU mode is %q, expected %s or %s", s.GPUMode, Whole, GPUShare)
	}
	if s.GPUUnits < 1 {
		return fmt.Errorf("units per GPU is %d, expected at least 1", s.GPUUnits)
	}
	return nil
}

// row is one line of a node file in the trace's form.
type row struct {
	name      string
	cpuMilli  int64
	memoryMiB int64
	gpus      int64
	model     string
}

const ephemeralStorage = "1Ti"

// node is the object a kubelet with this hardware would register, with the labels of NVIDIA's GPU feature discovery.
func (r row) node(shape Shape) *corev1.Node {
	labels := map[string]string{
		corev1.LabelHostname:   r.name,
		corev1.LabelOSStable:   "linux",
		corev1.LabelArchStable: "amd64",
	}
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewMilliQuantity(r.cpuMilli, resource.DecimalSI),
		corev1.ResourceMemory:           *resource.NewQuantity(r.memoryMiB<<20, resource.BinarySI),
		corev1.ResourcePods:             *resource.NewQuantity(shape.Pods, resource.DecimalSI),
		corev1.ResourceEphemeralStorage: resource.MustParse(ephemeralStorage),
	}
	if r.gpus > 0 {
		labels["nvidia.com/gpu.present"] = "true"
		labels["nvidia.com/gpu.count"] = strconv.FormatInt(r.gpus, 10)
		if r.model != "" {
			labels["nvidia.com/gpu.product"] = r.model
		}
		switch shape.GPUMode {
		case Whole:
			capacity["nvidia.com/gpu"] = *resource.NewQuantity(r.gpus, resource.DecimalSI)
		case GPUShare:
			capacity["aliyun.com/gpu-mem"] = *resource.NewQuantity(r.gpus*shape.GPUUnits, resource.DecimalSI)
			capacity["aliyun.com/gpu-count"] = *resource.NewQuantity(r.gpus, resource.DecimalSI)
		}
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: r.name, Labels: labels},
		Status: corev1.NodeStatus{
			Capacity:    capacity,
			Allocatable: capacity.DeepCopy(),
			NodeInfo: corev1.NodeSystemInfo{
				OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: "stowage-local",
			},
		},
	}
}
