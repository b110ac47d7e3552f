package controlplane

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// runningWith is a run whose only component is a shell that says its arguments and waits.
func runningWith(t *testing.T, name string) (*run, context.Context) {
	t.Helper()
	runtime.LockOSThread() // a child ends with the thread that has started it
	t.Cleanup(runtime.UnlockOSThread)
	dir, err := openWorkDir(filepath.Join(t.TempDir(), strings.Repeat("long", 40)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, died := context.WithCancelCause(t.Context())
	r := &run{
		out: &bytes.Buffer{}, dir: dir, urls: map[string]string{}, access: &access{}, died: died,
		restarts: make(chan pendingRestart), options: Options{StartTimeout: time.Minute},
	}
	if err := r.startProcess(name, []string{"/bin/sh", "-c", "echo up; exec sleep 600"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		died(nil)
		_ = dir.lock.Close()
	})
	if err := r.listenForRestarts(ctx); err != nil {
		t.Fatal(err)
	}
	return r, ctx
}

// ask has another goroutine ask, and plays Up's part.
func ask(ctx context.Context, r *run, request RestartRequest) error {
	answer := make(chan error, 1)
	go func() { answer <- Restart(ctx, r.dir.path, request) }()
	pending := <-r.restarts
	pending.answer <- r.restart(ctx, pending.RestartRequest)
	return <-answer
}

func TestRestartIsNoDeath(t *testing.T) {
	r, ctx := runningWith(t, "part")
	for _, kill := range []bool{false, true} {
		before := r.processes[0]
		down := 100 * time.Millisecond
		asked := time.Now()
		if err := ask(ctx, r, RestartRequest{Component: "part", Down: down, Kill: kill}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(asked); took < down {
			t.Errorf("was down for %s at most, want %s", took, down)
		}
		<-before.done
		select {
		case <-r.processes[0].done:
			t.Error("the new process is not running")
		default:
		}
	}
	if err := r.firstDeath(); err != nil || ctx.Err() != nil {
		t.Errorf("got %v, %v, want no death", err, context.Cause(ctx))
	}
	ready, err := os.ReadFile(r.dir.file(readyName))
	if err != nil || !strings.Contains(string(ready), `"part"`) {
		t.Errorf("ready.json is %q, %v", ready, err)
	}
}

func TestARestartedComponentThatDiesEndsTheRun(t *testing.T) {
	r, ctx := runningWith(t, "part")
	if err := ask(ctx, r, RestartRequest{Component: "part"}); err != nil {
		t.Fatal(err)
	}
	if err := r.processes[0].command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	wantError(t, r.firstDeath(), "part ended unexpectedly")
}

func TestRestartNeedsARunningComponent(t *testing.T) {
	r, ctx := runningWith(t, "part")
	wantError(t, ask(ctx, r, RestartRequest{Component: "other"}), `component is "other", expected one that`)
	wantError(t, Restart(ctx, t.TempDir(), RestartRequest{Component: "part"}), "no control plane runs in")
}
