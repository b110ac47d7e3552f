// Package provisioner stands in for an external provisioner of volumes that takes its time: a claim of its storage class
// is bound a while after kube-scheduler has chosen the node. It depends on the Kubernetes API alone.
package provisioner

import (
	"context"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const (
	// Name is the provisioner of the storage classes that are served.
	Name = "local.stowage.io/slow"
	// secondsAnnotation of a claim or, for those that have none, of its storage class.
	secondsAnnotation      = "local.stowage.io/provision-seconds"
	defaultSeconds         = 60
	selectedNodeAnnotation = "volume.kubernetes.io/selected-node"
	provisionedBy          = "pv.kubernetes.io/provisioned-by"
)

// provisioner keeps a queue of the claims that wait.
type provisioner struct {
	client kubernetes.Interface
	queue  workqueue.TypedRateLimitingInterface[work]
}

// work is a claim that is to get a volume, now if it is due, else after its time.
type work struct {
	types.NamespacedName
	uid types.UID
	due bool
}

// Run provisions volumes until the context ends.
func Run(ctx context.Context, client kubernetes.Interface) {
	p := &provisioner{
		client: client,
		queue:  workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[work]()),
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	_, err := factory.Core().V1().PersistentVolumeClaims().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    p.observe,
		UpdateFunc: func(_, claim any) { p.observe(claim) },
	})
	if err != nil {
		panic(err) // only of an informer that has stopped
	}
	factory.Start(ctx.Done())
	go func() {
		<-ctx.Done()
		p.queue.ShutDown()
	}()
	for {
		next, stopped := p.queue.Get()
		if stopped {
			return
		}
		if err := p.proceed(ctx, next); err == nil {
			p.queue.Forget(next)
		} else if ctx.Err() == nil {
			klog.ErrorS(err, "Provisioning is tried again", "claim", next.NamespacedName)
			p.queue.AddRateLimited(next)
		}
		p.queue.Done(next)
	}
}

func (p *provisioner) observe(object any) {
	claim := object.(*corev1.PersistentVolumeClaim)
	if waits(claim) {
		p.queue.Add(work{
			NamespacedName: types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}, uid: claim.UID,
		})
	}
}

func waits(claim *corev1.PersistentVolumeClaim) bool {
	return claim.Annotations[selectedNodeAnnotation] != "" && claim.Spec.VolumeName == "" &&
		claim.Spec.StorageClassName != nil && claim.DeletionTimestamp == nil
}

func (p *provisioner) proceed(ctx context.Context, next work) error {
	claim, err := p.client.CoreV1().PersistentVolumeClaims(next.Namespace).Get(ctx, next.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if claim.UID != next.uid || !waits(claim) {
		return nil
	}
	class, err := p.client.StorageV1().StorageClasses().Get(ctx, *claim.Spec.StorageClassName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && class.Provisioner != Name {
		return nil
	}
	if err != nil {
		return err
	}
	if !next.due {
		after, err := provisionTime(claim, class)
		if err != nil {
			return err
		}
		next.due = true
		p.queue.AddAfter(next, after)
		return nil
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, volume(claim), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func provisionTime(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) (time.Duration, error) {
	for _, annotations := range []map[string]string{claim.Annotations, class.Annotations} {
		if text, set := annotations[secondsAnnotation]; set {
			seconds, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				return 0, fmt.Errorf("%s is %q, expected whole seconds such as 60", secondsAnnotation, text)
			}
			return time.Duration(seconds) * time.Second, nil
		}
	}
	return defaultSeconds * time.Second, nil
}

// volume is for this claim alone, and usable from every node.
func volume(claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	name := "pvc-" + string(claim.UID)
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: Name}},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName: *claim.Spec.StorageClassName,
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:      claim.Spec.AccessModes,
			VolumeMode:       claim.Spec.VolumeMode,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: "/nowhere/" + name},
			},
		},
	}
}
