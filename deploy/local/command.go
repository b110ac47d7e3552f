package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"stowage.io/local/internal/controlplane"
	"stowage.io/local/internal/kubelet"
	"stowage.io/local/internal/nodes"
)

const stopTimeout = 90 * time.Second

func newCommand() *cobra.Command {
	command := &cobra.Command{
		Use:           "stowage-local",
		Short:         "A Kubernetes control plane for one machine, with Stowage",
		SilenceUsage:  true,
		SilenceErrors: true,
		Long: `A Kubernetes control plane for one machine, with Stowage.

Besides the commands below, the first argument may be etcd, kube-apiserver, kube-controller-manager, kube-scheduler or
kubectl: the program is then that component, with that component's own flags.

With STOWAGE_LOCAL_STOP_ON_STDIN_CLOSE=1 in the environment every command but kubectl stops, as if by SIGTERM, when its
standard input closes.`,
	}
	command.AddCommand(upCommand(), downCommand(), restartCommand(), createNodesCommand(), schedulerConfigCommand(),
		kubeletCommand())
	return command
}

func upCommand() *cobra.Command {
	options := controlplane.Options{Assets: assets, NodeShape: nodes.DefaultShape}
	var extraFlags []string
	command := &cobra.Command{
		Use:   "up",
		Short: "Start everything on free loopback ports, run until stopped, then stop everything",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var err error
			if options.ExtraFlags, err = controlplane.ParseExtraFlags(extraFlags); err != nil {
				return err
			}
			return controlplane.Up(command.Context(), options, command.OutOrStdout())
		},
	}
	flags := command.Flags()
	addWorkDir(command, &options.WorkDir)
	flags.StringVar(&options.NodeFile, "nodes", "",
		"nodes to create: CSV with the columns sn,cpu_milli,memory_mib,gpu,model, or the output of kubectl get nodes -o json")
	addNodeShape(command, &options.NodeShape)
	flags.BoolVar(&options.OnlyControlPlane, "only-control-plane", false, "start neither kube-scheduler nor Stowage")
	flags.StringVar((*string)(&options.Profile), "profile", string(controlplane.Stowage),
		"kube-scheduler's configuration: "+controlplane.ProfileNames())
	flags.StringVar(&options.SchedulerConfig, "scheduler-config", "",
		"KubeSchedulerConfiguration to use instead of a profile; may name ${KUBECONFIG} and ${EXTENDER_URL}")
	flags.StringVar(&options.ExtenderURL, "extender-url", "", "URL, without path, of a Stowage that is already running")
	flags.StringVar(&options.StowageJar, "stowage-jar",
		besideProgram("..", "..", "..", "scheduler-extender", "target", "stowage.jar"), "jar of the Stowage to start")
	flags.StringVar(&options.StowageConfig, "stowage-config", "", "configuration file of Stowage")
	flags.StringArrayVar(&extraFlags, "component-flag", nil,
		"further flag of a component, as in kube-apiserver=--v=4; may be repeated")
	flags.DurationVar(&options.StartTimeout, "start-timeout", 3*time.Minute, "give up if not ready by then")
	return command
}

func downCommand() *cobra.Command {
	var workDir string
	command := &cobra.Command{
		Use:   "down",
		Short: "Stop what up has started, and wait until it has stopped",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return controlplane.Down(command.Context(), workDir, stopTimeout)
		},
	}
	addWorkDir(command, &workDir)
	return command
}

func restartCommand() *cobra.Command {
	var workDir string
	var request controlplane.RestartRequest
	command := &cobra.Command{
		Use:   "restart",
		Short: "Stop a component that up has started, start it again with the same ports and data, wait until it is ready",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return controlplane.Restart(command.Context(), workDir, request)
		},
	}
	addWorkDir(command, &workDir)
	flags := command.Flags()
	flags.StringVar(&request.Component, "component", "", "its name, as in ready.json: kube-apiserver, etcd, …")
	flags.DurationVar(&request.Down, "down", 0, "time between stop and start")
	flags.BoolVar(&request.Kill, "kill", false, "stop it with SIGKILL instead of SIGTERM")
	require(command, "component")
	return command
}

func createNodesCommand() *cobra.Command {
	var kubeconfig, file string
	shape := nodes.DefaultShape
	command := &cobra.Command{
		Use:   "create-nodes",
		Short: "Create the nodes of a file in a running cluster and wait until they are Ready",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cluster, err := nodes.Read(file, shape)
			if err != nil {
				return err
			}
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			config.QPS = -1
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return err
			}
			if err := nodes.Create(command.Context(), client, cluster); err != nil {
				return err
			}
			return nodes.AwaitReady(command.Context(), client, cluster)
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig of an administrator")
	command.Flags().StringVar(&file, "nodes", "", "node file, as for up")
	addNodeShape(command, &shape)
	require(command, "kubeconfig", "nodes")
	return command
}

func schedulerConfigCommand() *cobra.Command {
	var config controlplane.SchedulerConfig
	command := &cobra.Command{
		Use:   "scheduler-config",
		Short: "Print a KubeSchedulerConfiguration with its kubeconfig and extender filled in",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			text, err := config.Render(assets)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(command.OutOrStdout(), text)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar((*string)(&config.Profile), "profile", string(controlplane.Stowage),
		"one of "+controlplane.ProfileNames())
	flags.StringVar(&config.File, "scheduler-config", "", "template to use instead of a profile")
	flags.StringVar(&config.Kubeconfig, "kubeconfig", "", "kubeconfig of kube-scheduler")
	flags.StringVar(&config.ExtenderURL, "extender-url", "", "URL of Stowage, without path")
	require(command, "kubeconfig")
	return command
}

func kubeletCommand() *cobra.Command {
	var options kubelet.Options
	command := &cobra.Command{
		Use:   controlplane.KubeletComponent,
		Short: "Stand in for the kubelets, device plugins and slow volume provisioner of a cluster",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return kubelet.Run(command.Context(), options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "kubeconfig of an administrator")
	flags.Uint64Var(&options.Seed, "seed", rand.Uint64(), "of the random delays; the log has the one used")
	flags.StringVar(&options.AllocateMillis, "allocate-millis", "0-500",
		"delay with which a pod that shares a GPU is given its device: least and most, unless its node's annotation says other")
	flags.UintVar(&options.LeaseSeconds, "lease-seconds", kubelet.DefaultLeaseSeconds,
		"how long a node's lease is good for, renewed each quarter of it; kube-controller-manager's --node-monitor-grace-period must match")
	require(command, "kubeconfig")
	return command
}

func addWorkDir(command *cobra.Command, target *string) {
	command.Flags().StringVar(target, "work-dir", besideProgram("run"),
		"directory for kubeconfigs, logs, data and ready.json: empty, or of an earlier run")
}

func addNodeShape(command *cobra.Command, shape *nodes.Shape) {
	flags := command.Flags()
	flags.Int64Var(&shape.Pods, "pods-per-node", shape.Pods, "pods that a node of a CSV file takes")
	flags.StringVar((*string)(&shape.GPUMode), "gpu-mode", string(shape.GPUMode),
		"GPUs of a CSV file as whole (nvidia.com/gpu) or gpushare (aliyun.com/gpu-mem, aliyun.com/gpu-count)")
	flags.Int64Var(&shape.GPUUnits, "gpu-units", shape.GPUUnits, "aliyun.com/gpu-mem of one GPU with --gpu-mode gpushare")
}

// require marks flags that must be given; it panics if there is no such flag.
func require(command *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := command.MarkFlagRequired(flag); err != nil {
			panic(err)
		}
	}
}

// besideProgram is a path relative to the directory that holds this program.
func besideProgram(elements ...string) string {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return filepath.Join(append([]string{filepath.Dir(program)}, elements...)...)
}
