// Package kubelet stands in for the kubelets of all nodes of a cluster: it keeps nodes Ready, admits or refuses the pods
// bound to them, runs them without running anything, ends and deletes them. The work is kwok's (sigs.k8s.io/kwok); this
// package gives it the stages and adds the admission. Stand-ins for device plugins belong beside the admission: it is
// where a pod's start can be told apart and its annotations written.
package kubelet

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	clientcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"
)

const (
	// leaseSeconds is four times the kubelet's default, and so is the interval of renewal, a quarter of it: 1,200 nodes then
	// cost the API server 30 requests a second instead of 120. The controller manager's patience is set to match.
	leaseSeconds = 160
	// parallelism of each kind of work; kwok's default of four falls behind a scheduler that binds hundreds of pods a
	// second.
	parallelism = 16
	// podCIDR lies apart from the addresses of Services, which are 10.0.0.0/24.
	podCIDR = "10.64.0.1/10"
	// nodeIP makes the API server's connections to a kubelet (logs, exec) fail at once.
	nodeIP = "127.0.0.1"
)

// Run plays the kubelets of all nodes until the context ends.
func Run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig %s: %w", kubeconfig, err)
	}
	config.QPS = -1 // as many kubelets together, not one client
	config.ContentType = runtime.ContentTypeProtobuf
	config.UserAgent = "stowage-local-kubelet"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	stages, err := stages()
	if err != nil {
		return err
	}
	id, err := controllers.Identity()
	if err != nil {
		return err
	}
	ctx = log.NewContext(ctx, log.NewLogger(os.Stderr, log.LevelWarn))

	events := record.NewBroadcaster(record.WithContext(ctx))
	events.StartRecordingToSink(&clientcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	defer events.Shutdown()
	admission := &admission{
		ctx:      ctx,
		client:   client,
		recorder: events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet"}),
	}
	controller, err := controllers.NewController(controllers.Config{
		Clock:                     clock.RealClock{},
		TypedClient:               client,
		RESTClient:                client.RESTClient(),
		ManageAllNodes:            true,
		CIDR:                      podCIDR,
		NodeIP:                    nodeIP,
		LocalStages:               stages,
		PodPlayStageParallelism:   parallelism,
		NodePlayStageParallelism:  parallelism,
		NodeLeaseDurationSeconds:  leaseSeconds,
		NodeLeaseParallelism:      parallelism,
		PodsOnNodeSyncParallelism: parallelism,
		ID:                        id,
		FuncMap:                   gotpl.FuncMap{"Refusal": admission.refusal},
	})
	if err != nil {
		return err
	}
	if err := controller.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
