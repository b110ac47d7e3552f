// Package controlplane runs a Kubernetes control plane on loopback: the components as child processes, their credentials,
// their order of start and stop. It depends on the components' names and flags, and on package nodes.
package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"stowage.io/local/internal/component"
	"stowage.io/local/internal/nodes"
)

// Options of Up.
type Options struct {
	// Assets holds the shipped configurations of kube-scheduler, the RBAC rules and the fence.
	Assets fs.FS
	// WorkDir receives everything that the run writes.
	WorkDir string
	// NodeFile is created in the cluster if set: CSV of the trace's form or JSON of kubectl.
	NodeFile string
	// NodeShape is what a CSV node file leaves open.
	NodeShape nodes.Shape
	// OnlyControlPlane leaves out kube-scheduler and Stowage.
	OnlyControlPlane bool
	// Profile of kube-scheduler, unless SchedulerConfig is set.
	Profile Profile
	// SchedulerConfig is a KubeSchedulerConfiguration template of the user's own.
	SchedulerConfig string
	// ExtenderURL of a Stowage that somebody else has started; if empty and needed, Up starts StowageJar.
	ExtenderURL string
	// StowageJar is the runnable jar.
	StowageJar string
	// StowageConfig is handed to Stowage as its --config if set.
	StowageConfig string
	// ExtraFlags are further flags of a component, by its name.
	ExtraFlags map[string][]string
	// StartTimeout bounds the time until everything is ready.
	StartTimeout time.Duration
}

// KubeletComponent is the name of the kubelets' stand-in, which is a subcommand of this program.
const KubeletComponent = "kubelet"

// stowageComponent is the name of Stowage's process and of its log.
const stowageComponent = "stowage"

// ParseExtraFlags splits COMPONENT=FLAG arguments.
func ParseExtraFlags(arguments []string) (map[string][]string, error) {
	known := []string{
		component.Etcd, component.APIServer, component.ControllerManager, KubeletComponent, component.Scheduler,
		stowageComponent,
	}
	result := map[string][]string{}
	for _, argument := range arguments {
		name, flag, found := strings.Cut(argument, "=")
		if !found || !slices.Contains(known, name) {
			return nil, fmt.Errorf("component flag is %q, expected COMPONENT=FLAG with one of %s",
				argument, strings.Join(known, ", "))
		}
		result[name] = append(result[name], flag)
	}
	return result, nil
}

// runsScheduler reports whether kube-scheduler is started.
func (o Options) runsScheduler() bool {
	return !o.OnlyControlPlane
}

// runsStowage reports whether Stowage's jar is started: where kube-scheduler calls it and nobody else runs it.
func (o Options) runsStowage() bool {
	return o.runsScheduler() && o.ExtenderURL == "" && (o.SchedulerConfig != "" || o.Profile == Stowage)
}

func (o Options) validate() error {
	if err := o.NodeShape.Validate(); err != nil {
		return err
	}
	if o.SchedulerConfig == "" {
		if err := o.Profile.validate(); err != nil {
			return err
		}
	}
	if o.OnlyControlPlane && (o.SchedulerConfig != "" || o.ExtenderURL != "") {
		return errors.New("only the control plane is asked for, and a scheduler configuration or extender as well")
	}
	if o.runsStowage() {
		if _, err := os.Stat(o.StowageJar); err != nil {
			return fmt.Errorf("Stowage's jar: %w: build it with `./mvnw -q -DskipTests package`, or name it, "+
				"or name the URL of a running Stowage", err)
		}
	}
	return nil
}
