package kubelet

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	"stowage.io/local/internal/gpushare"
)

// allocateNever is the one value of the annotation that stops a node's device plugin.
const allocateNever = "never"

// stuckInterval is how often a stopped device plugin is looked at again.
const stuckInterval = 500 * time.Millisecond

// millisRange bounds a random delay, both ends included.
type millisRange struct{ least, most int64 }

const millisRangeForm = "two numbers of milliseconds such as 0-500"

var millisRangeValue = regexp.MustCompile(`^[0-9]{1,9}-[0-9]{1,9}$`)

func parseMillisRange(text string) (millisRange, error) {
	if !millisRangeValue.MatchString(text) {
		return millisRange{}, fmt.Errorf("range is %q, expected %s", text, millisRangeForm)
	}
	low, high, _ := strings.Cut(text, "-")
	least, _ := strconv.ParseInt(low, 10, 64)
	most, _ := strconv.ParseInt(high, 10, 64)
	if least > most {
		return millisRange{}, fmt.Errorf("range %s is empty, expected %s", text, millisRangeForm)
	}
	return millisRange{least, most}, nil
}

func isMillisRange(text string) bool {
	_, err := parseMillisRange(text)
	return err == nil
}

// devices lets the device plugin give a device to each bound pod that asks for a share of one, before the pod starts: as
// in the kubelet, devices come before the check of sums. The pods of a node come in random order, each after a delay drawn
// from the seed and the pod's name. What the plugin gave is written on the pod, whichever pod it took it from.
type devices struct {
	client kubernetes.Interface
	plugin *gpushare.Plugin
	seed   uint64
	delay  millisRange
	queue  workqueue.TypedRateLimitingInterface[allocation]
}

// allocation is a pod whose containers are to get their devices, now if it is due, else after its delay.
type allocation struct {
	types.NamespacedName
	uid types.UID
	due bool
}

func newDevices(client kubernetes.Interface, seed uint64, delay millisRange) *devices {
	return &devices{
		client: client,
		plugin: gpushare.NewPlugin(client),
		seed:   seed,
		delay:  delay,
		queue:  workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[allocation]()),
	}
}

// observe takes in what the watch shows of a bound pod.
func (d *devices) observe(pod *corev1.Pod) {
	if awaits(pod) {
		d.queue.Add(allocation{NamespacedName: types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, uid: pod.UID})
	}
}

// awaits says of a pod what awaitsDevice says to kwok, and that the pod is still to start.
func awaits(pod *corev1.Pod) bool {
	_, given := pod.Annotations[givenDeviceAnnotation]
	return gpushare.Asks(pod) && !given && pod.Status.Phase == corev1.PodPending && pod.DeletionTimestamp == nil
}

// run works until the context ends.
func (d *devices) run(ctx context.Context) {
	for range parallelism {
		go func() {
			for {
				next, stopped := d.queue.Get()
				if stopped {
					return
				}
				if err := d.proceed(ctx, next); err == nil {
					d.queue.Forget(next)
				} else if ctx.Err() == nil {
					klog.ErrorS(err, "Allocation is tried again", "pod", next.NamespacedName)
					d.queue.AddRateLimited(next)
				}
				d.queue.Done(next)
			}
		}()
	}
	<-ctx.Done()
	d.queue.ShutDown()
}

func (d *devices) proceed(ctx context.Context, next allocation) error {
	pod, err := d.client.CoreV1().Pods(next.Namespace).Get(ctx, next.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if pod.UID != next.uid || !awaits(pod) {
		return nil
	}
	node, err := d.client.CoreV1().Nodes().Get(ctx, pod.Spec.NodeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if refuse(pod, node) != nil {
		return d.give(ctx, pod, gpushare.None) // the admission refuses it, and no device plugin is asked
	}
	if !next.due {
		delay, err := d.delayOf(pod, node)
		if err != nil {
			return err
		}
		next.due = true
		d.queue.AddAfter(next, delay)
		return nil
	}
	if node.Annotations[allocateAnnotation] == allocateNever {
		d.queue.AddAfter(next, stuckInterval)
		return nil
	}
	var given []string
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if units := gpushare.Limit(container); units > 0 {
			device, err := d.plugin.Allocate(ctx, node, units)
			if err != nil {
				return err
			}
			given = append(given, device)
		}
	}
	return d.give(ctx, pod, strings.Join(given, ","))
}

// delayOf depends on nothing but the seed, the range and the names of pod and node.
func (d *devices) delayOf(pod *corev1.Pod, node *corev1.Node) (time.Duration, error) {
	delay := d.delay
	if text, set := node.Annotations[allocateMillisAnnotation]; set {
		var err error
		if delay, err = parseMillisRange(text); err != nil {
			return 0, fmt.Errorf("%s of node %s: %w", allocateMillisAnnotation, node.Name, err)
		}
	}
	names := fnv.New64a()
	fmt.Fprintf(names, "%s/%s/%s", node.Name, pod.Namespace, pod.Name)
	random := rand.New(rand.NewPCG(d.seed, names.Sum64()))
	return time.Duration(delay.least+random.Int64N(delay.most-delay.least+1)) * time.Millisecond, nil
}

func (d *devices) give(ctx context.Context, pod *corev1.Pod, device string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": pod.UID, "annotations": map[string]string{givenDeviceAnnotation: device},
	}})
	if err != nil {
		return err
	}
	_, err = d.client.CoreV1().Pods(pod.Namespace).
		Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // the pod is gone, or another has its name
	}
	return err
}
