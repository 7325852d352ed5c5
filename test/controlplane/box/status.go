package box

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/controlplane/process"
)

// A Status is a box as it is now.
type Status struct {
	*Record
	Alive bool // the supervisor lives
	Parts []Part
	// LastWords are those of a supervisor that is gone.
	LastWords []string
}

// A Part is one component as it is now.
type Part struct {
	Cluster string
	controlplane.Component
	Crash *Crash
	Err   error  // what its health says, if it lives
	RSS   uint64 // bytes of memory, 0 if unknown
}

// Healthy tells whether the part does its work.
func (p *Part) Healthy() bool { return p.Crash == nil && p.Err == nil }

// Healthy tells whether all of the box is well.
func (s *Status) Healthy() bool {
	for i := range s.Parts {
		if !s.Parts[i].Healthy() {
			return false
		}
	}
	return s.Alive && s.Ready
}

// Look asks every component of the box in dir how it is.
func Look(ctx context.Context, dir string) (*Status, error) {
	r, dir, err := open(dir)
	if err != nil {
		return nil, err
	}
	s := &Status{Record: r, Alive: alive(dir)}
	if !s.Alive {
		s.LastWords = lastWords(filepath.Join(dir, logFile))
		return s, nil
	}
	for _, c := range r.Clusters() {
		for _, m := range r.Components[c.Name] {
			s.Parts = append(s.Parts, Part{Cluster: c.Name, Component: m, Crash: r.crash(c.Name, m.Name)})
		}
	}
	configs, err := r.configs()
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	for i := range s.Parts {
		all.Go(func() { s.Parts[i].look(ctx, configs[s.Parts[i].Cluster]) })
	}
	all.Wait()
	return s, nil
}

// lastWords are those of a supervisor in its log. The logs of components that it
// quotes there are indented, and too long for a person.
func lastWords(log string) []string {
	const enough = 5
	words := slices.DeleteFunc(process.Tail(log, 100), func(line string) bool { return strings.HasPrefix(line, "  ") })
	return words[max(0, len(words)-enough):]
}

// configs loads the kubeconfig of each cluster that has components.
func (r *Record) configs() (map[string]*rest.Config, error) {
	configs := map[string]*rest.Config{}
	for _, c := range r.Clusters() {
		if len(r.Components[c.Name]) == 0 {
			continue
		}
		cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("reading the kubeconfig of %s: %w", c.Name, err)
		}
		configs[c.Name] = cfg
	}
	return configs, nil
}

func (p *Part) look(ctx context.Context, cfg *rest.Config) {
	if p.Crash != nil {
		return
	}
	p.Err = controlplane.Probe(ctx, cfg, p.Component)
	p.RSS = resident(p.PID)
}

// resident is the memory that a process and its group have in use, where the
// kernel tells it: a kubelet is started by another program, which waits for it.
func resident(pid int) uint64 {
	var sum uint64
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		id, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if group, err := syscall.Getpgid(id); err == nil && group == pid {
			sum += residentAlone(id)
		}
	}
	return sum
}

func residentAlone(pid int) uint64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
