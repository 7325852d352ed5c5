package box

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/controlplane/filelock"
)

// The files of a box beside the directories of its clusters.
const (
	lockFile   = "supervisor.lock"
	pidFile    = "supervisor.pid"
	logFile    = "supervisor.log"
	recordFile = "box.json"
)

// A Cluster is where to find one cluster.
type Cluster struct {
	Name       string `json:"name"`
	Kubeconfig string `json:"kubeconfig"`
}

// A Summary is what `up` prints.
type Summary struct {
	Dir     string    `json:"dir"`
	Hub     Cluster   `json:"hub"`
	Members []Cluster `json:"members"`
}

// A Record is what the supervisor writes down about its box.
type Record struct {
	Summary
	Supervisor int       `json:"supervisor"`
	Started    time.Time `json:"started"`
	// Ready is false until every cluster serves.
	Ready bool `json:"ready"`
	// Made are the directories that the box made for itself, outermost first.
	Made []string `json:"made,omitempty"`
	// Components are those of each cluster, by its name.
	Components map[string][]controlplane.Component `json:"components,omitempty"`
	Crashes    []Crash                             `json:"crashes,omitempty"`
}

// A Crash is the unwanted end of a component.
type Crash struct {
	Cluster   string    `json:"cluster"`
	Component string    `json:"component"`
	Time      time.Time `json:"time"`
	Message   string    `json:"message"`
	Log       string    `json:"log"`
	Said      string    `json:"said,omitempty"` // the line of the log that most likely says why
}

// Clusters are the hub and its members.
func (r *Record) Clusters() []Cluster {
	return append([]Cluster{r.Hub}, r.Members...)
}

// crash finds the crash of a component, if it crashed.
func (r *Record) crash(cluster, component string) *Crash {
	for i := range r.Crashes {
		if c := &r.Crashes[i]; c.Cluster == cluster && c.Component == component {
			return c
		}
	}
	return nil
}

// newSummary plans the clusters of a box.
func newSummary(dir string, members int) Summary {
	cluster := func(name string) Cluster {
		return Cluster{Name: name, Kubeconfig: filepath.Join(dir, name, "kubeconfig")}
	}
	s := Summary{Dir: dir, Hub: cluster("hub"), Members: []Cluster{}}
	for i := range members {
		s.Members = append(s.Members, cluster(fmt.Sprintf("member-%d", i+1)))
	}
	return s
}

// write publishes the record whole: readers never see half of it.
func (r *Record) write() error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the box's record: %w", err)
	}
	path := filepath.Join(r.Dir, recordFile)
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the box's record: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing the box's record: %w", err)
	}
	return nil
}

// read returns the record of the box in dir. The error is os.ErrNotExist when
// there is none.
func read(dir string) (*Record, error) {
	data, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("reading the box's record in %s: %w", dir, err)
	}
	return r, nil
}

// alive tells whether the supervisor of a box lives. Its lock says so, since a
// process id may belong to somebody else by now.
func alive(dir string) bool { return filelock.Held(filepath.Join(dir, lockFile)) }
