// Package kubelet stands in for the kubelets of all nodes of a cluster: it keeps nodes Ready, admits or refuses the pods
// bound to them, runs them without running anything, ends and deletes them. The work is kwok's (sigs.k8s.io/kwok); this
// package gives it the stages and adds the admission, and has the device plugin of package gpushare give pods their share
// of a GPU before they start.
package kubelet

import (
	"context"
	"fmt"
	"net/http"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	clientcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"

	"stowage.io/local/internal/provisioner"
)

const (
	// DefaultLeaseSeconds is four times the kubelet's default, and so is the interval of renewal, a quarter of it: 1,200 nodes
	// then cost the API server 30 requests a second instead of 120. The controller manager's patience is set to match.
	DefaultLeaseSeconds = 160
	minLeaseSeconds     = 4
	// parallelism of each kind of work; kwok's default of four falls behind a scheduler that binds hundreds of pods a
	// second.
	parallelism = 16
	// podCIDR lies apart from the addresses of Services, which are 10.0.0.0/24.
	podCIDR = "10.64.0.1/10"
	// nodeIP makes the API server's connections to a kubelet (logs, exec) fail at once.
	nodeIP = "127.0.0.1"
)

// Options of Run.
type Options struct {
	// Kubeconfig of an administrator.
	Kubeconfig string
	// Seed of the random delays with which pods that share a GPU start.
	Seed uint64
	// AllocateMillis is the range of these delays, as in 0-500, where a node's annotation says no other.
	AllocateMillis string
	// LeaseSeconds is how long a node's lease is good for; it is renewed each quarter of that.
	LeaseSeconds uint
}

// Run plays the kubelets of all nodes until the context ends.
func Run(ctx context.Context, options Options) error {
	if options.LeaseSeconds < minLeaseSeconds {
		return fmt.Errorf("duration of leases: expected %d seconds or more, was %d", minLeaseSeconds, options.LeaseSeconds)
	}
	delay, err := parseMillisRange(options.AllocateMillis)
	if err != nil {
		return fmt.Errorf("delay of allocations: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", options.Kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig %s: %w", options.Kubeconfig, err)
	}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return persistent{next} })
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
		admitted: newAdmitted(client),
	}
	klog.InfoS("Pods that share a GPU start in random order", "seed", options.Seed, "delayMillis", options.AllocateMillis)
	devices := newDevices(client, options.Seed, delay)
	go devices.run(ctx)
	if err := watchBoundPods(ctx, client, admission.admitted, devices); err != nil {
		return err
	}
	go provisioner.Run(ctx, client)
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
		NodeLeaseDurationSeconds:  options.LeaseSeconds,
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

// watchBoundPods tells both about every bound pod, and returns when it has told them of those that are there already.
func watchBoundPods(ctx context.Context, client kubernetes.Interface, admitted *admitted, devices *devices) error {
	bound := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTweakListOptions(
		func(options *metav1.ListOptions) { options.FieldSelector = "spec.nodeName!=" }))
	observe := func(object any) {
		pod := object.(*corev1.Pod)
		admitted.observe(pod)
		devices.observe(pod)
	}
	registration, err := bound.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    observe,
		UpdateFunc: func(_, object any) { observe(object) },
		DeleteFunc: func(object any) {
			if last, missed := object.(cache.DeletedFinalStateUnknown); missed {
				object = last.Obj
			}
			admitted.drop(object.(*corev1.Pod))
		},
	})
	if err != nil {
		return err
	}
	bound.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return ctx.Err()
	}
	return nil
}
