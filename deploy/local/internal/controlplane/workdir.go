package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// lockName marks a directory as ours. It is locked while a control plane runs there, and holds its process id.
	lockName  = "stowage-local.lock"
	readyName = "ready.json"
)

// workDir is the directory of one run, held by its lock until the process ends.
type workDir struct {
	path string
	lock *os.File
}

// openWorkDir makes the directory, or empties one that an earlier run has left. It refuses a directory that holds
// anything else, and one whose control plane is running.
func openWorkDir(path string) (*workDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(path, lockName)); err != nil && len(entries) > 0 {
		return nil, fmt.Errorf("work directory %s holds files of others (%s), expected an empty one or one of an earlier run",
			path, entries[0].Name())
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("work directory %s is in use by a running control plane: stop it with `down`", path)
	}
	for _, entry := range entries {
		if entry.Name() != lockName {
			if err := os.RemoveAll(filepath.Join(path, entry.Name())); err != nil {
				return nil, err
			}
		}
	}
	if err := lock.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		return nil, err
	}
	return &workDir{path: path, lock: lock}, nil
}

func (d *workDir) file(name string) string {
	return filepath.Join(d.path, name)
}

func (d *workDir) subdirectory(name string) (string, error) {
	path := d.file(name)
	return path, os.MkdirAll(path, 0o700)
}

// writeJSON writes the file in one step: who sees it sees all of it.
func (d *workDir) writeJSON(name string, value any) error {
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	temporary := d.file("." + name)
	if err := os.WriteFile(temporary, append(encoded, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, d.file(name))
}

// Down stops the control plane that runs in the work directory, and returns when it has, or with an error if it has not
// within the timeout.
func Down(ctx context.Context, path string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("still running after %s", timeout))
	defer cancel()
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not a work directory of `up`: it has no %s", path, lockName)
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if locked(lock) {
		return fmt.Errorf("no control plane runs in %s", path)
	}
	content, err := os.ReadFile(lock.Name())
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return fmt.Errorf("%s: %q is not a process id", lock.Name(), content)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	err = wait.PollUntilContextCancel(ctx, pollInterval, true, func(context.Context) (bool, error) {
		return locked(lock), nil
	})
	if err != nil {
		return fmt.Errorf("process %d: %w", pid, context.Cause(ctx))
	}
	return nil
}

// locked takes the lock if it is free, and reports whether it got it.
func locked(lock *os.File) bool {
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
