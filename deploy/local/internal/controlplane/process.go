package controlplane

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// stopPatience is how long a process may take to end after SIGTERM before it is killed.
const stopPatience = 15 * time.Second

// tailBytes is how much of a log is shown when its process dies.
const tailBytes = 4096

// process is a component that runs as a child, with standard output and error in a log file.
type process struct {
	name      string
	command   *exec.Cmd
	arguments []string // program first
	log       string
	expected  atomic.Bool   // set before its end is brought about by a restart
	done      chan struct{} // closed when the process has ended
	err       error         // set before done is closed
}

// startProcess starts a program as a child that the kernel kills when this thread ends: a child outlives us in no case, not
// even when we are killed. The caller must have locked its goroutine to a thread that lasts.
// Its log goes on where that of an earlier process of the name has ended.
func startProcess(name, logPath string, arguments []string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Stdout = log
	command.Stderr = log
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // Ctrl-C reaches us only: we stop the children in order
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	started := &process{name: name, command: command, arguments: arguments, log: logPath, done: make(chan struct{})}
	go func() {
		started.err = command.Wait()
		close(started.done)
	}()
	return started, nil
}

// end stops the process, or kills it without asking.
func (p *process) end(kill bool) error {
	if !kill {
		return p.stop()
	}
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// stop asks the process to end, and kills it if it does not. It returns when the process is gone.
func (p *process) stop() error {
	err := p.command.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopPatience):
	}
	if err := p.end(true); err != nil {
		return err
	}
	return fmt.Errorf("%s did not end within %s of SIGTERM and was killed", p.name, stopPatience)
}

// died describes a process that ended by itself, with the end of its log. It may be called once done is closed.
func (p *process) died() error {
	state := "exit status 0"
	if p.err != nil {
		state = p.err.Error()
	}
	tail, err := tailOf(p.log)
	if err != nil {
		tail = err.Error()
	}
	return fmt.Errorf("%s ended unexpectedly (%s), log %s ends with:\n%s", p.name, state, p.log, tail)
}

func tailOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	start := max(0, size-tailBytes)
	content := make([]byte, size-start)
	if _, err := file.ReadAt(content, start); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text := string(content)
	if _, rest, cut := strings.Cut(text, "\n"); cut && start > 0 {
		text = rest
	}
	return strings.TrimRight(text, "\n"), nil
}
