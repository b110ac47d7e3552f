// Package component runs a component of Kubernetes inside this process as its own binary would run it. It depends on
// the components and on nothing else of this module.
package component

import (
	"os"
	"slices"
	_ "time/tzdata" // time zones of CronJobs

	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubectl's authentication plugins
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // version metric
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Names of the components, which are also the first argument that selects them.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubectl           = "kubectl"
)

// Names lists every component that Run knows.
func Names() []string {
	return []string{Etcd, APIServer, ControllerManager, Scheduler, Kubectl}
}

// Is reports whether name is that of a component.
func Is(name string) bool {
	return slices.Contains(Names(), name)
}

// Run runs the component whose name is args[0] with the flags that follow it, and returns its exit code. A component
// reads its flags from os.Args, which Run sets to args; so it can be called once in a process.
func Run(args []string) int {
	os.Args = args
	switch args[0] {
	case Etcd:
		etcdmain.Main(args)
		return 0
	case APIServer:
		return cli.Run(apiserver.NewAPIServerCommand())
	case ControllerManager:
		return cli.Run(controllermanager.NewControllerManagerCommand())
	case Scheduler:
		return cli.Run(scheduler.NewSchedulerCommand())
	case Kubectl:
		return runKubectl(args)
	default:
		panic("not a component: " + args[0])
	}
}

// runKubectl does what kubectl's own main does: verbosity counts before the command line is parsed.
func runKubectl(args []string) int {
	_, _ = logs.GlogSetter(kubectl.GetLogVerbosity(args))
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
	return 0
}
