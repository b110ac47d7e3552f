package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// controlName is the socket in the work directory on which Up takes requests to restart a component.
const controlName = "control.sock"

// RestartRequest asks Up to stop a component and to start it again with the same flags, ports and data.
type RestartRequest struct {
	Component string `json:"component"`
	// Down is how long the component is away.
	Down time.Duration `json:"down"`
	// Kill stops it with SIGKILL instead of SIGTERM.
	Kill bool `json:"kill"`
}

// restartAnswer is empty if the component is ready again.
type restartAnswer struct {
	Error string `json:"error"`
}

// pendingRestart is a request whose answer somebody waits for.
type pendingRestart struct {
	RestartRequest
	answer chan error
}

// Restart has the control plane of the work directory restart a component, and returns when that is ready again.
func Restart(ctx context.Context, path string, request RestartRequest) error {
	short, release, err := shortPath(path)
	if err != nil {
		return err
	}
	defer release()
	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(short, controlName))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no control plane runs in %s", path)
	}
	if err != nil {
		return err
	}
	defer connection.Close()
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer stop()
	if err := json.NewEncoder(connection).Encode(request); err != nil {
		return err
	}
	var answer restartAnswer
	if err := json.NewDecoder(connection).Decode(&answer); err != nil {
		return fmt.Errorf("the control plane of %s has not answered: %w", path, errors.Join(err, context.Cause(ctx)))
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

// listenForRestarts hands requests on, one at a time, until ctx ends.
func (r *run) listenForRestarts(ctx context.Context) error {
	short, release, err := shortPath(r.dir.path)
	if err != nil {
		return err
	}
	defer release()
	listener, err := net.Listen("unix", filepath.Join(short, controlName))
	if err != nil {
		return err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // the short path is gone by then; the directory is emptied anyway
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			r.serveRestart(ctx, connection)
		}
	}()
	return nil
}

func (r *run) serveRestart(ctx context.Context, connection net.Conn) {
	defer connection.Close()
	pending := pendingRestart{answer: make(chan error, 1)}
	err := json.NewDecoder(connection).Decode(&pending.RestartRequest)
	if err == nil {
		select {
		case r.restarts <- pending:
			err = <-pending.answer
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	answer := restartAnswer{}
	if err != nil {
		answer.Error = err.Error()
	}
	_ = json.NewEncoder(connection).Encode(answer) // who asked may have gone
}

// restart runs on Up's own thread, as every start does.
func (r *run) restart(ctx context.Context, request RestartRequest) error {
	for i, old := range r.processes {
		if old.name != request.Component {
			continue
		}
		r.say("restart %s, down %s", old.name, request.Down)
		old.expected.Store(true)
		if err := old.end(request.Kill); err != nil {
			r.say("%v", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(request.Down):
		}
		started, err := r.launch(old.name, old.arguments)
		if err != nil {
			r.died(err)
			return err
		}
		r.processes[i] = started
		if path := readyPaths[old.name]; path != "" {
			ctx, cancel := context.WithTimeoutCause(ctx, r.options.StartTimeout,
				fmt.Errorf("not ready within %s", r.options.StartTimeout))
			defer cancel()
			if err := r.awaitOK(ctx, old.name, path); err != nil {
				return err
			}
		}
		return r.dir.writeJSON(readyName, r.ready())
	}
	return fmt.Errorf("component is %q, expected one that `up` has started", request.Component)
}

// shortPath names a directory by an open file of this process until it is released: a socket's path may have no more than
// 107 bytes.
func shortPath(directory string) (short string, release func(), err error) {
	opened, err := os.Open(directory)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d", opened.Fd()), func() { _ = opened.Close() }, nil
}
