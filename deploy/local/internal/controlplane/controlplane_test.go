package controlplane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want one with %q", err, want)
	}
}

func TestSchedulerConfigIsFilledIn(t *testing.T) {
	assets := fstest.MapFS{
		"kube-scheduler.yaml":         {Data: []byte("a: ${KUBECONFIG}\nb: ${EXTENDER_URL}/scheduler\n")},
		"kube-scheduler-default.yaml": {Data: []byte("a: ${KUBECONFIG}\n")},
	}
	text, err := SchedulerConfig{Profile: Stowage, Kubeconfig: "/k", ExtenderURL: "http://x:1"}.Render(assets)
	if err != nil || text != "a: /k\nb: http://x:1/scheduler\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if text, err = (SchedulerConfig{Profile: Default, Kubeconfig: "/k"}).Render(assets); err != nil || text != "a: /k\n" {
		t.Errorf("got %q, %v", text, err)
	}
	_, err = SchedulerConfig{Profile: Stowage, Kubeconfig: "/k"}.Render(assets)
	wantError(t, err, "kube-scheduler.yaml: ${EXTENDER_URL} is used and has no value")
	_, err = SchedulerConfig{Profile: "fastest", Kubeconfig: "/k"}.Render(assets)
	wantError(t, err, `profile is "fastest", expected one of default, most-allocated, stowage`)

	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte("${PORT}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = SchedulerConfig{File: own, Kubeconfig: "/k"}.Render(assets)
	wantError(t, err, own+": ${PORT} is unknown, expected KUBECONFIG or EXTENDER_URL")
}

func TestWorkDirIsEmptyOrOurs(t *testing.T) {
	path := t.TempDir()
	foreign := filepath.Join(path, "thesis.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openWorkDir(path)
	wantError(t, err, "holds files of others (thesis.txt)")
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
}

func TestWorkDirOfAnEarlierRunIsEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	first, err := openWorkDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.writeJSON(readyName, map[string]int{"pid": 1}); err != nil {
		t.Fatal(err)
	}
	_, err = openWorkDir(path)
	wantError(t, err, "in use by a running control plane")

	if err := first.lock.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, Down(t.Context(), path, time.Second), "no control plane runs in")
	second, err := openWorkDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.lock.Close()
	if _, err := os.Stat(second.file(readyName)); !os.IsNotExist(err) {
		t.Errorf("ready.json of the earlier run is still there: %v", err)
	}
}

func TestDownNeedsAWorkDir(t *testing.T) {
	wantError(t, Down(t.Context(), t.TempDir(), time.Second), "is not a work directory of `up`")
}

func TestExtraFlags(t *testing.T) {
	flags, err := ParseExtraFlags([]string{"kube-apiserver=--v=4", "stowage=--x", "kube-apiserver=--profiling"})
	if err != nil || strings.Join(flags["kube-apiserver"], " ") != "--v=4 --profiling" || len(flags["stowage"]) != 1 {
		t.Errorf("got %v, %v", flags, err)
	}
	for _, bad := range []string{"--v=4", "kubectl=--v=4", "kube-apiserver"} {
		_, err := ParseExtraFlags([]string{bad})
		wantError(t, err, "expected COMPONENT=FLAG")
	}
}

func TestPortsDiffer(t *testing.T) {
	free, err := freePorts(200)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range free {
		if port < firstPort || port > lastPort || seen[port] {
			t.Errorf("port %d is out of range or there twice", port)
		}
		seen[port] = true
	}
}

func TestTailIsTheEndOfTheLogInWholeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("some line\n", 1000)+"last line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tail, err := tailOf(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(tail) > tailBytes || !strings.HasPrefix(tail, "some line\n") || !strings.HasSuffix(tail, "\nlast line") {
		t.Errorf("tail is %q", tail)
	}
}
