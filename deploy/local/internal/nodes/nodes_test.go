package nodes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, content string, shape Shape) []*corev1.Node {
	t.Helper()
	nodes, err := Read(write(t, "nodes", content), shape)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func wantQuantity(t *testing.T, node *corev1.Node, resource corev1.ResourceName, want string) {
	t.Helper()
	for _, list := range []corev1.ResourceList{node.Status.Allocatable, node.Status.Capacity} {
		quantity := list[resource]
		if quantity.String() != want {
			t.Errorf("%s of %s is %s, want %s", resource, node.Name, quantity.String(), want)
		}
	}
}

func TestReadsTheTracesForm(t *testing.T) {
	nodes := read(t, "sn,cpu_milli,memory_mib,gpu,model\nn-0,96000,393216,8,G2\nn-1,32500,262144,0,\n", DefaultShape)
	if len(nodes) != 2 || nodes[0].Name != "n-0" || nodes[1].Name != "n-1" {
		t.Fatalf("nodes are %v", nodes)
	}
	wantQuantity(t, nodes[0], corev1.ResourceCPU, "96")
	wantQuantity(t, nodes[0], corev1.ResourceMemory, "384Gi")
	wantQuantity(t, nodes[0], corev1.ResourcePods, "256")
	wantQuantity(t, nodes[0], "nvidia.com/gpu", "8")
	for label, want := range map[string]string{
		"nvidia.com/gpu.product": "G2", "nvidia.com/gpu.count": "8", corev1.LabelHostname: "n-0",
	} {
		if got := nodes[0].Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	wantQuantity(t, nodes[1], corev1.ResourceCPU, "32500m")
	if _, has := nodes[1].Status.Allocatable["nvidia.com/gpu"]; has {
		t.Error("a node without GPU has nvidia.com/gpu")
	}
	if _, has := nodes[1].Labels["nvidia.com/gpu.product"]; has {
		t.Error("a node without GPU has nvidia.com/gpu.product")
	}
}

func TestColumnsMayComeInAnyOrder(t *testing.T) {
	nodes := read(t, "gpu,model,sn,memory_mib,cpu_milli\n2,T4,n-0,1024,64000\n", DefaultShape)
	wantQuantity(t, nodes[0], corev1.ResourceCPU, "64")
	wantQuantity(t, nodes[0], "nvidia.com/gpu", "2")
}

func TestGPUShare(t *testing.T) {
	nodes := read(t, "sn,cpu_milli,memory_mib,gpu,model\nn-0,64000,1024,4,T4\n", Shape{Pods: 30, GPUMode: GPUShare, GPUUnits: 15})
	wantQuantity(t, nodes[0], "aliyun.com/gpu-mem", "60")
	wantQuantity(t, nodes[0], "aliyun.com/gpu-count", "4")
	wantQuantity(t, nodes[0], corev1.ResourcePods, "30")
	if _, has := nodes[0].Status.Allocatable["nvidia.com/gpu"]; has {
		t.Error("a shared node has nvidia.com/gpu")
	}
}

func TestMalformedFilesNameThePlaceAndTheValue(t *testing.T) {
	const header = "sn,cpu_milli,memory_mib,gpu,model\n"
	for name, test := range map[string]struct{ content, want string }{
		"number":    {header + "n-0,1000,1024,0,\nn-1,64k,1024,0,\n", `:3:5: cpu_milli is "64k", expected an integer from 0 to`},
		"negative":  {header + "n-0,1000,1024,-1,\n", `:2:15: gpu is "-1", expected an integer from 0 to 1024`},
		"overflow":  {header + "n-0,1000,9223372036854775807,0,\n", `:2:10: memory_mib is "9223372036854775807", expected`},
		"name":      {header + "N_0,1000,1024,0,\n", `:2:1: sn is "N_0", expected a node name`},
		"model":     {header + "n-0,1000,1024,1,Tesla T4\n", `:2:17: model is "Tesla T4", expected a label value`},
		"twice":     {header + "n-0,1000,1024,0,\nn-0,1000,1024,0,\n", `:3:1: sn is "n-0", expected a name of its own, line 2 has it`},
		"columns":   {header + "n-0,1000,1024,0\n", `:2:1: wrong number of fields`},
		"quote":     {header + "n-0,1000,1024,0,\"T4\n", `:2:21: extraneous or missing " in quoted-field`},
		"header":    {"sn,cpu,memory_mib,gpu,model\n", `:1: header is "sn,cpu,memory_mib,gpu,model", expected the columns`},
		"empty":     {"", `:1: empty, expected the header sn,cpu_milli,memory_mib,gpu,model`},
		"no nodes":  {header, `: no nodes after the header line`},
		"not JSON":  {`{"kind": "NodeList", "items": [`, `: not JSON near byte`},
		"kind":      {`{"kind": "PodList", "items": []}`, `: kind is "PodList", expected List, NodeList or Node`},
		"item kind": {`{"kind": "List", "items": [{"kind": "Pod"}]}`, `: items[0]: kind is "Pod", expected Node`},
		"quantity":  {`{"kind": "Node", "metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "x"}}}`, `: items[0]: `},
		"no name":   {`{"kind": "Node"}`, `: items[0]: metadata.name is missing`},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "nodes.file", test.content)
			_, err := Read(path, DefaultShape)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), path+test.want) {
				t.Errorf("error is\n  %v\nwant\n  %s", err, path+test.want)
			}
		})
	}
}

const kubectlNode = `{"apiVersion": "v1", "kind": "Node",
  "metadata": {"name": "gpu-1", "uid": "u", "resourceVersion": "5", "labels": {"pool": "a"}},
  "spec": {"providerID": "gce://x", "unschedulable": true, "taints": [
    {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}, {"key": "nvidia.com/gpu", "effect": "NoSchedule"}]},
  "status": {"allocatable": {"cpu": "15890m", "nvidia.com/gpu": "4"}, "capacity": {"cpu": "16", "nvidia.com/gpu": "4"},
    "addresses": [{"type": "InternalIP", "address": "192.0.2.9"}],
    "conditions": [{"type": "Ready", "status": "False"}]}}`

func TestReadsKubectlsJSON(t *testing.T) {
	for name, content := range map[string]string{
		"list":     `{"apiVersion": "v1", "kind": "List", "items": [` + kubectlNode + `]}`,
		"one":      kubectlNode,
		"several":  "\n" + kubectlNode + strings.Replace(kubectlNode, "gpu-1", "gpu-2", 1),
		"nodeList": `{"kind": "NodeList", "items": [` + kubectlNode + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			node := read(t, content, DefaultShape)[0]
			if node.Name != "gpu-1" || node.UID != "" || node.ResourceVersion != "" || node.Labels["pool"] != "a" {
				t.Errorf("metadata is %+v", node.ObjectMeta)
			}
			if !node.Spec.Unschedulable || len(node.Spec.Taints) != 1 || node.Spec.Taints[0].Key != "nvidia.com/gpu" {
				t.Errorf("spec is %+v", node.Spec)
			}
			if node.Spec.ProviderID != "" || len(node.Status.Addresses) > 0 || len(node.Status.Conditions) > 0 {
				t.Errorf("kept what belongs to the other cluster: %+v", node)
			}
			if cpu := node.Status.Allocatable[corev1.ResourceCPU]; cpu.MilliValue() != 15890 {
				t.Errorf("allocatable cpu is %s", cpu.String())
			}
		})
	}
}

func TestShapeNamesWhatIsOutOfRange(t *testing.T) {
	for want, shape := range map[string]Shape{
		"pods per node is 0, expected at least 1":        {Pods: 0, GPUMode: Whole, GPUUnits: 1},
		`GPU mode is "half", expected whole or gpushare`: {Pods: 1, GPUMode: "half", GPUUnits: 1},
		"units per GPU is -1, expected at least 1":       {Pods: 1, GPUMode: GPUShare, GPUUnits: -1},
	} {
		if err := shape.Validate(); err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}
