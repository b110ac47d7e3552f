package controlplane

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"stowage.io/local/internal/component"
	"stowage.io/local/internal/nodes"
)

// Ready is what ready.json says. It is there from the moment everything is ready until the stop begins.
type Ready struct {
	// Pid is the process of Up.
	Pid     int    `json:"pid"`
	WorkDir string `json:"workDir"`
	// Program is this program, for further subcommands.
	Program string `json:"program"`
	// APIServer is its URL; the kubeconfigs have the authority of its certificate.
	APIServer string `json:"apiServer"`
	// ExtenderURL is Stowage's, without path; empty where no extender is called.
	ExtenderURL string `json:"extenderUrl"`
	// Kubeconfigs by user: admin, scheduler, stowage, kubelet, controller-manager.
	Kubeconfigs map[string]string `json:"kubeconfigs"`
	// Components by name, as started by Up.
	Components map[string]ReadyComponent `json:"components"`
	// Nodes created from the node file.
	Nodes int `json:"nodes"`
	// SecondsToReady is the time it took.
	SecondsToReady float64 `json:"secondsToReady"`
}

// ReadyComponent is a process of Up.
type ReadyComponent struct {
	Pid int    `json:"pid"`
	Log string `json:"log"`
	// URL it serves on, empty if none.
	URL string `json:"url"`
}

// run is one control plane from start to stop.
type run struct {
	options   Options
	out       io.Writer
	dir       *workDir
	program   string
	ports     ports
	access    *access
	processes []*process
	urls      map[string]string
	nodes     []*corev1.Node
	started   time.Time
	// secondsToReady is set when everything is ready.
	secondsToReady float64
	died           context.CancelCauseFunc
	restarts       chan pendingRestart
}

// Up starts the control plane, writes ready.json when it is ready, and runs until ctx ends or a component dies. It stops
// everything before it returns, in the reverse order of the start; it returns nil if ctx ended after everything was ready.
func Up(ctx context.Context, options Options, out io.Writer) (result error) {
	// The kernel kills the children when the thread that started them ends; this one now lasts as long as Up.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	started := time.Now()
	if err := options.validate(); err != nil {
		return err
	}
	var cluster []*corev1.Node
	if options.NodeFile != "" {
		var err error
		if cluster, err = nodes.Read(options.NodeFile, options.NodeShape); err != nil {
			return err
		}
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := openWorkDir(options.WorkDir)
	if err != nil {
		return err
	}
	ctx, died := context.WithCancelCause(ctx)
	defer died(nil)
	run := &run{
		options: options, out: out, dir: dir, program: program, urls: map[string]string{}, nodes: cluster,
		started: started, died: died, restarts: make(chan pendingRestart),
	}
	defer func() { result = errors.Join(result, run.stop()) }()
	err = run.startWithin(ctx, options.StartTimeout)
	if err == nil {
		err = run.listenForRestarts(ctx)
	}
	if err != nil {
		return errors.Join(err, run.firstDeath())
	}
	for {
		select {
		case <-ctx.Done():
			return run.firstDeath()
		case pending := <-run.restarts:
			pending.answer <- run.restart(ctx, pending.RestartRequest)
		}
	}
}

func (r *run) startWithin(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not ready within %s", timeout))
	defer cancel()
	if err := r.start(ctx); err != nil {
		return err
	}
	r.secondsToReady = time.Since(r.started).Seconds()
	ready := r.ready()
	if err := r.dir.writeJSON(readyName, ready); err != nil {
		return err
	}
	r.say("ready in %.1f s: %s, %d nodes", ready.SecondsToReady, ready.APIServer, ready.Nodes)
	r.say("  export KUBECONFIG=%s", ready.Kubeconfigs[adminUser.name])
	r.say("  %s kubectl get nodes", ready.Program)
	r.say("Ctrl-C stops it, or: %s down --work-dir %s", ready.Program, ready.WorkDir)
	return nil
}

func (r *run) start(ctx context.Context) error {
	var err error
	if r.ports, err = choosePorts(); err != nil {
		return err
	}
	if r.access, err = createAccess(r.dir, r.ports.apiServer); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(r.access.admin)
	if err != nil {
		return err
	}
	if err := r.startAPIServer(ctx); err != nil {
		return err
	}
	if err := r.startControllers(); err != nil {
		return err
	}
	if err := r.applyManifests(ctx); err != nil {
		return err
	}
	if err := nodes.Create(ctx, client, r.nodes); err != nil {
		return err
	}
	if err := r.startStowage(ctx); err != nil {
		return err
	}
	if err := r.startScheduler(ctx); err != nil {
		return err
	}
	if err := r.awaitDefaultServiceAccount(ctx, client); err != nil {
		return err
	}
	return nodes.AwaitReady(ctx, client, r.nodes)
}

func (r *run) startAPIServer(ctx context.Context) error {
	dataDir, err := r.dir.subdirectory("etcd")
	if err != nil {
		return err
	}
	if err := r.startComponent(component.Etcd, urlOf("http", r.ports.etcd), etcdFlags(r.ports, dataDir)); err != nil {
		return err
	}
	if err := r.awaitOK(ctx, component.Etcd, readyPaths[component.Etcd]); err != nil {
		return err
	}
	certDir, err := r.dir.subdirectory("certificates")
	if err != nil {
		return err
	}
	if err := r.startComponent(component.APIServer, r.access.url, apiServerFlags(r.ports, r.access, certDir)); err != nil {
		return err
	}
	return r.awaitOK(ctx, component.APIServer, readyPaths[component.APIServer])
}

func (r *run) startControllers() error {
	err := r.startComponent(component.ControllerManager, urlOf("https", r.ports.controllerManager),
		controllerManagerFlags(r.ports, r.access))
	if err != nil {
		return err
	}
	return r.startComponent(KubeletComponent, "", []string{"--kubeconfig", r.access.kubeconfigs[kubeletUser]})
}

// applyManifests creates Stowage's access rules, its fence, the limits of its nominations and the slow storage class with this program's own kubectl.
func (r *run) applyManifests(ctx context.Context) error {
	for _, name := range []string{"rbac.yaml", "fence.yaml", "nomination.yaml", "storage-class.yaml"} {
		manifest, err := fs.ReadFile(r.options.Assets, name)
		if err != nil {
			return err
		}
		command := exec.CommandContext(ctx, r.program, component.Kubectl,
			"--kubeconfig", r.access.kubeconfigs[adminUser], "create", "-f", "-")
		command.Stdin = bytes.NewReader(manifest)
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("create %s: %w: %s", name, err, output)
		}
	}
	return nil
}

func (r *run) startStowage(ctx context.Context) error {
	if !r.options.runsStowage() {
		return nil
	}
	flags := append(stowageFlags(r.options, r.ports, r.access), r.options.ExtraFlags[stowageComponent]...)
	r.options.ExtenderURL = urlOf("http", r.ports.stowage)
	r.urls[stowageComponent] = r.options.ExtenderURL
	if err := r.startProcess(stowageComponent, append([]string{javaProgram()}, flags...)); err != nil {
		return err
	}
	return r.awaitOK(ctx, stowageComponent, readyPaths[stowageComponent])
}

// javaProgram is JAVA_HOME's Java if that is set, else the one on the path.
func javaProgram() string {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		return filepath.Join(home, "bin", "java")
	}
	return "java"
}

func (r *run) startScheduler(ctx context.Context) error {
	if !r.options.runsScheduler() {
		return nil
	}
	config, err := SchedulerConfig{
		Profile:     r.options.Profile,
		File:        r.options.SchedulerConfig,
		Kubeconfig:  r.access.kubeconfigs[schedulerUser],
		ExtenderURL: r.options.ExtenderURL,
	}.Render(r.options.Assets)
	if err != nil {
		return err
	}
	path := r.dir.file("kube-scheduler.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return err
	}
	err = r.startComponent(component.Scheduler, urlOf("https", r.ports.scheduler), schedulerFlags(r.ports, r.access, path))
	if err != nil {
		return err
	}
	return r.awaitOK(ctx, component.Scheduler, readyPaths[component.Scheduler])
}

func (r *run) startComponent(name, url string, flags []string) error {
	r.urls[name] = url
	return r.startProcess(name, slices.Concat([]string{r.program, name}, flags, r.options.ExtraFlags[name]))
}

func (r *run) startProcess(name string, arguments []string) error {
	process, err := r.launch(name, arguments)
	if err != nil {
		return err
	}
	r.processes = append(r.processes, process)
	return nil
}

// launch starts a process whose end, unless it is expected, ends the run.
func (r *run) launch(name string, arguments []string) (*process, error) {
	logs, err := r.dir.subdirectory("logs")
	if err != nil {
		return nil, err
	}
	r.say("start %s", name)
	process, err := startProcess(name, filepath.Join(logs, name+".log"), arguments)
	if err != nil {
		return nil, err
	}
	go func() {
		<-process.done
		if !process.expected.Load() {
			r.died(fmt.Errorf("%s ended", name))
		}
	}()
	return process, nil
}

// readyPaths answer 200 when a component is ready.
var readyPaths = map[string]string{
	component.Etcd:              "/readyz",
	component.APIServer:         "/readyz",
	component.ControllerManager: "/healthz",
	component.Scheduler:         "/readyz",
	stowageComponent:            "/readyz",
}

const pollInterval = 50 * time.Millisecond

// awaitOK waits until the component answers 200 on the path.
func (r *run) awaitOK(ctx context.Context, name, path string) error {
	client := &http.Client{
		Timeout: 2 * time.Second,
		// Controller manager and scheduler make a certificate of their own; what is asked for is no secret.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	defer client.CloseIdleConnections()
	if name == component.APIServer {
		transport, err := rest.TransportFor(r.access.admin)
		if err != nil {
			return err
		}
		client.Transport = transport
	}
	last := "no answer yet"
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.urls[name]+path, nil)
		if err != nil {
			return false, err
		}
		response, err := client.Do(request)
		if err != nil {
			last = err.Error()
			return false, nil
		}
		last = response.Status
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
	if err != nil {
		return fmt.Errorf("%s is not ready: %w (%s)", name, context.Cause(ctx), last)
	}
	return nil
}

// awaitDefaultServiceAccount waits until pods can be created in the default namespace.
func (r *run) awaitDefaultServiceAccount(ctx context.Context, client kubernetes.Interface) error {
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		return len(list.Items) > 0, nil
	})
	if err != nil {
		return fmt.Errorf("no ServiceAccount in namespace default: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func (r *run) ready() Ready {
	ready := Ready{
		Pid:            os.Getpid(),
		WorkDir:        r.dir.path,
		Program:        r.program,
		APIServer:      r.access.url,
		ExtenderURL:    r.options.ExtenderURL,
		Kubeconfigs:    map[string]string{},
		Components:     map[string]ReadyComponent{},
		Nodes:          len(r.nodes),
		SecondsToReady: r.secondsToReady,
	}
	for user, path := range r.access.kubeconfigs {
		ready.Kubeconfigs[user.name] = path
	}
	for _, process := range r.processes {
		ready.Components[process.name] = ReadyComponent{
			Pid: process.command.Process.Pid, Log: process.log, URL: r.urls[process.name],
		}
	}
	return ready
}

// firstDeath describes the component that has ended by itself, nil if none has.
func (r *run) firstDeath() error {
	for _, process := range r.processes {
		if process.expected.Load() {
			continue
		}
		select {
		case <-process.done:
			return process.died()
		default:
		}
	}
	return nil
}

// stop stops the processes, the last started first.
func (r *run) stop() error {
	err := os.Remove(r.dir.file(readyName))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	problems := []error{err}
	for _, process := range slices.Backward(r.processes) {
		problems = append(problems, process.stop())
	}
	r.say("stopped")
	return errors.Join(problems...)
}

func (r *run) say(format string, arguments ...any) {
	_, _ = fmt.Fprintf(r.out, format+"\n", arguments...)
}
