package provisioner

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func class(name, provisioner string) *storagev1.StorageClass {
	return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner}
}

func claim(name, class string, annotations map[string]string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: "uid-of-claim", Annotations: annotations},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: ptr.To(class),
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			},
		},
	}
}

func volumes(t *testing.T, client kubernetes.Interface) []corev1.PersistentVolume {
	t.Helper()
	list, err := client.CoreV1().PersistentVolumes().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestAClaimGetsItsVolumeOnceItsNodeIsChosen(t *testing.T) {
	client := fake.NewClientset(class("slow", Name))
	go Run(t.Context(), client)
	claims := client.CoreV1().PersistentVolumeClaims("default")
	waiting := claim("c", "slow", map[string]string{secondsAnnotation: "0"})
	if _, err := claims.Create(t.Context(), waiting, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if found := volumes(t, client); len(found) != 0 {
		t.Errorf("volumes before a node is chosen: %v", found)
	}
	waiting.Annotations[selectedNodeAnnotation] = "n"
	if _, err := claims.Update(t.Context(), waiting, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true,
		func(context.Context) (bool, error) { return len(volumes(t, client)) == 1, nil })
	if err != nil {
		t.Fatal(err)
	}
	spec := volumes(t, client)[0].Spec
	if spec.ClaimRef.Name != "c" || spec.ClaimRef.UID != waiting.UID || spec.NodeAffinity != nil ||
		spec.Capacity.Storage().String() != "1Gi" || spec.StorageClassName != "slow" {
		t.Errorf("volume is %+v", spec)
	}
}

func TestOnlyWaitingClaimsOfItsClassesAreServed(t *testing.T) {
	chosen := map[string]string{selectedNodeAnnotation: "n", secondsAnnotation: "0"}
	bound := claim("c", "slow", chosen)
	bound.Spec.VolumeName = "v"
	recreated := claim("c", "slow", chosen)
	recreated.UID = "another"
	for name, other := range map[string]*corev1.PersistentVolumeClaim{
		"bound": bound, "recreated": recreated, "other class": claim("c", "fast", chosen),
		"no class": claim("c", "missing", chosen), "no node": claim("c", "slow", map[string]string{secondsAnnotation: "0"}),
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(class("slow", Name), class("fast", "example.com/fast"), other)
			p := &provisioner{client: client}
			next := work{uid: "uid-of-claim", due: true}
			next.Namespace, next.Name = "default", "c"
			if err := p.proceed(t.Context(), next); err != nil {
				t.Fatal(err)
			}
			if found := volumes(t, client); len(found) != 0 {
				t.Errorf("got volumes %v, want none", found)
			}
		})
	}
}

func TestProvisionTime(t *testing.T) {
	annotated := func(seconds string) map[string]string {
		if seconds == "" {
			return nil
		}
		return map[string]string{secondsAnnotation: seconds}
	}
	for _, test := range []struct {
		claim, class string
		want         time.Duration
		fails        bool
	}{
		{"", "", time.Minute, false},
		{"", "7", 7 * time.Second, false},
		{"3", "7", 3 * time.Second, false},
		{"soon", "7", 0, true},
		{"", "-1", 0, true},
	} {
		storage := class("slow", Name)
		storage.Annotations = annotated(test.class)
		got, err := provisionTime(claim("c", "slow", annotated(test.claim)), storage)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("claim %q, class %q: got %s, %v, want %s", test.claim, test.class, got, err, test.want)
		}
	}
}
