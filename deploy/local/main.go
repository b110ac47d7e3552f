// stowage-local is a Kubernetes control plane for one machine: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, kubectl and a stand-in for the kubelets in one program, and the command that runs them together with
// Stowage. The first argument selects what it is.
package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"stowage.io/local/internal/component"
)

//go:embed rbac.yaml fence.yaml nomination.yaml storage-class.yaml
//go:embed kube-scheduler.yaml kube-scheduler-default.yaml kube-scheduler-most-allocated.yaml
var assets embed.FS

// stopOnStdinClose is set by a parent that hands us its end of a pipe as standard input: we stop as if by SIGTERM when
// the pipe closes, so also when the parent is killed.
const stopOnStdinClose = "STOWAGE_LOCAL_STOP_ON_STDIN_CLOSE"

func main() {
	if len(os.Args) > 1 && os.Args[1] == component.Kubectl {
		os.Exit(component.Run(os.Args[1:]))
	}
	watchStdin()
	if len(os.Args) > 1 && component.Is(os.Args[1]) {
		os.Exit(component.Run(os.Args[1:]))
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "stowage-local: %v\n", err)
		cancel()
		os.Exit(1)
	}
}

func watchStdin() {
	if os.Getenv(stopOnStdinClose) == "" {
		return
	}
	_ = os.Unsetenv(stopOnStdinClose) // children have a standard input of their own
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	}()
}
