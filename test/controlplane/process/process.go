// Package process runs the programs of a control plane so that none of them
// outlives whoever started it: each is in a process group of its own and, on
// Linux, is killed by the kernel when its parent ends without saying goodbye.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// A Spec says what to run.
type Spec struct {
	Name string
	Path string
	Args []string
	Log  string // file that takes standard output and error
	// Apart puts the process into namespaces of its own for mounts, processes,
	// network, host name and IPC, as their first process. Linux only.
	Apart bool
}

// A Process has been started.
type Process struct {
	Spec
	cmd  *exec.Cmd
	done chan struct{}
	err  error // written before done is closed

	mu      sync.Mutex
	stopped bool
}

// Start starts a program. It returns when the program runs, which does not mean
// that it is ready.
func Start(s Spec) (*Process, error) {
	if err := os.MkdirAll(filepath.Dir(s.Log), 0o755); err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.Name, err)
	}
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(s.Path, s.Args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = filepath.Dir(s.Log)
	cmd.SysProcAttr = attributes(s.Apart)
	if err := onParentThread(cmd.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.Name, err)
	}
	p := &Process{Spec: s, cmd: cmd, done: make(chan struct{})}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	err := p.cmd.Wait()
	if err == nil {
		// A program of a control plane never ends by itself with success.
		err = errors.New("exit status 0")
	}
	p.err = err
	close(p.done)
}

// PID is the process's id, and its group's.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Crash tells how the process ended if it did so without being asked to, and
// nil otherwise.
func (p *Process) Crash() *Crash {
	select {
	case <-p.done:
	default:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	return &Crash{Name: p.Name, Cause: p.err, Log: p.Log, Tail: Tail(p.Log, 10)}
}

// Stop kills the process's group and waits until it is gone. The data of a test
// bed is thrown away, so that nothing is gained by asking politely, and a
// control plane that is asked politely keeps its ports for some seconds.
func (p *Process) Stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
}

// A Crash is the end of a process that nobody asked for.
type Crash struct {
	Name  string
	Cause error
	Log   string
	Tail  []string
}

// Error is one line. Explain tells more.
func (c *Crash) Error() string {
	said := ""
	if line := c.Said(); line != "" {
		said = ": " + line
	}
	return fmt.Sprintf("%s ended (%v)%s", c.Name, c.Cause, said)
}

// Explain is err and, if it is a crash, the tail of the log before it: the log
// itself may be gone by the time that somebody reads this.
func Explain(err error) string {
	crash, ok := errors.AsType[*Crash](err)
	if !ok || len(crash.Tail) == 0 {
		return err.Error()
	}
	return "  " + strings.Join(crash.Tail, "\n  ") + "\n" + err.Error()
}

func (c *Crash) Unwrap() error { return c.Cause }

// Said is the line of the log that most likely says why, in short.
func (c *Crash) Said() string {
	for _, line := range slices.Backward(c.Tail) {
		if reason.MatchString(line) {
			return short(line)
		}
	}
	if n := len(c.Tail); n > 0 {
		return short(c.Tail[n-1])
	}
	return ""
}

var (
	spawner sync.Once
	spawn   = make(chan func())
)

// onParentThread runs f on one thread that lives as long as this process. The
// kernel ends a child with its parent *thread*, and Go ends threads as it likes.
func onParentThread(f func() error) error {
	spawner.Do(func() {
		go func() {
			runtime.LockOSThread()
			for work := range spawn {
				work()
			}
		}()
	})
	result := make(chan error, 1)
	spawn <- func() { result <- f() }
	return <-result
}
