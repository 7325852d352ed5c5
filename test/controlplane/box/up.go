package box

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/runfleet/runfleet/test/controlplane/disk"
	"github.com/runfleet/runfleet/test/controlplane/machine"
	"github.com/runfleet/runfleet/test/controlplane/programs"
	"github.com/runfleet/runfleet/test/controlplane/progress"
)

const (
	// ClusterSpace is the free disk that each cluster asks for: etcd writes
	// 64 MiB of log ahead, and again whenever that is full.
	ClusterSpace = 256 << 20
	// nodeSpace is what a real node asks for besides: images, packed and unpacked.
	nodeSpace = 2 << 30
	// MaxMembers is more than a machine of 24 GiB holds.
	MaxMembers = 32
	// nodes is how many simulated nodes a cluster has: with two, losing one is
	// not losing all.
	nodes = 2
)

// Options say what box to make.
type Options struct {
	Dir     string
	Members int
	// Simulate asks for simulated nodes. Without them clusters only serve.
	Simulate bool
	// Containerd asks for one real node in each member instead, and in the hub too
	// if HubNode.
	Containerd, HubNode bool
	// Images are tars whose images every real node gets.
	Images []string
	// Progress takes a line for what takes long. Nil means nobody looks.
	Progress io.Writer
	// Free tells the free disk. Nil means disk.Free.
	Free disk.Gauge
	// Supervisor is the command whose main calls Supervise.
	Supervisor []string
}

// A Config is what a supervisor is told to do.
type Config struct {
	Summary
	Nodes      int          `json:"nodes"`
	Containerd bool         `json:"containerd"`
	HubNode    bool         `json:"hubNode"`
	Images     []string     `json:"images,omitempty"`
	Programs   programs.Set `json:"programs"`
	Made       []string     `json:"made"`
}

// A report is what a supervisor answers, once.
type report struct {
	Error string   `json:"error,omitempty"`
	Tail  []string `json:"tail,omitempty"`
}

// A StartError is why a box could not be started.
type StartError struct {
	Message string
	Tail    []string // of the log of the component that ended, if one did
}

func (e *StartError) Error() string { return e.Message }

// Up makes a box and returns when every cluster of it serves. When it returns an
// error, nothing is left.
func Up(ctx context.Context, o Options) (*Summary, error) {
	if o.Free == nil {
		o.Free = disk.Free
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Containerd {
		if err := machine.Missing(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("looking for the directory: %w", err)
	}
	if err := vacant(dir); err != nil {
		return nil, err
	}
	if err := makeable(dir); err != nil {
		return nil, err
	}
	set, err := programs.Need(ctx, programs.Options{Progress: o.Progress, Free: o.Free}, o.needs()...)
	if err != nil {
		return nil, err
	}
	what := describe(o.Members)
	if err := disk.Require(o.Free, what, dir, o.space()); err != nil {
		return nil, err
	}
	c := Config{
		Summary: newSummary(dir, o.Members), Programs: set,
		Containerd: o.Containerd, HubNode: o.HubNode, Images: o.Images,
	}
	if o.Simulate {
		c.Nodes = nodes
	}
	if c.Made, err = makeDirs(dir); err != nil {
		return nil, err
	}
	line := progress.Start(o.Progress, "starting "+what)
	err = launch(ctx, o.Supervisor, c)
	line.End(err)
	if err != nil {
		// Most often the supervisor has done so already.
		removeEmpty(c.Made)
		return nil, err
	}
	return &c.Summary, nil
}

func describe(members int) string {
	switch members {
	case 0:
		return "a hub"
	case 1:
		return "a hub and 1 member"
	default:
		return fmt.Sprintf("a hub and %d members", members)
	}
}

// space is the free disk that the box asks for.
func (o Options) space() uint64 {
	all := uint64(o.Members+1) * ClusterSpace
	if o.Containerd {
		all += uint64(o.Members+1) * nodeSpace
	}
	return all
}

// needs are the programs of the box, and kubectl for whoever uses it.
func (o Options) needs() []string {
	switch {
	case o.Containerd:
		return programs.Node()
	case o.Simulate:
		return programs.All()
	}
	return append(programs.API(), programs.Kubectl)
}

// launch starts the supervisor, waits for its answer and lets go of it.
func launch(ctx context.Context, command []string, c Config) error {
	log, err := os.OpenFile(filepath.Join(c.Dir, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	cmd.Stderr = log
	// A session of its own, so that the end of the caller's terminal does not
	// reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	tell, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	hear, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		_ = os.Remove(log.Name())
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	// The closed pipe is what tells the supervisor to give up.
	stop := context.AfterFunc(ctx, func() { _ = tell.Close() })
	defer stop()
	if err := negotiate(c, tell, hear); err != nil {
		_ = tell.Close()
		_ = cmd.Wait()
		if ctx.Err() != nil {
			return fmt.Errorf("starting the box was interrupted, nothing of it is left: %w", context.Cause(ctx))
		}
		return err
	}
	return cmd.Process.Release()
}

// negotiate tells the supervisor what to do, hears how it went and confirms.
func negotiate(c Config, tell io.Writer, hear io.Reader) error {
	out := json.NewEncoder(tell)
	if err := out.Encode(c); err != nil {
		return fmt.Errorf("telling the supervisor what to start: %w", err)
	}
	var r report
	if err := json.NewDecoder(hear).Decode(&r); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it ended without a word")
		}
		return fmt.Errorf("hearing from the supervisor: %w", err)
	}
	if r.Error != "" {
		return &StartError{Message: strings.ReplaceAll(r.Error, "\n", "; "), Tail: r.Tail}
	}
	if err := out.Encode(keep); err != nil {
		return fmt.Errorf("telling the supervisor to stay: %w", err)
	}
	return nil
}

// keep is the word after which a supervisor stays without us.
const keep = "keep"
