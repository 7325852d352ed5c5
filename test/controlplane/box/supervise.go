package box

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/controlplane/filelock"
	"github.com/runfleet/runfleet/test/controlplane/process"
)

// Supervise is the supervisor's whole life. in and out are the pipes to Up.
func Supervise(in io.Reader, out io.WriteCloser) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	words := json.NewDecoder(in)
	s := &supervisor{log: log.New(os.Stderr, "", log.LstdFlags|log.LUTC)}
	if err := words.Decode(&s.config); err != nil {
		return fmt.Errorf("hearing what to start: %w", err)
	}
	lock, err := filelock.Try(filepath.Join(s.config.Dir, lockFile))
	if err != nil {
		if errors.Is(err, filelock.ErrHeld) {
			err = taken(s.config.Dir)
		}
		return errors.Join(err, answer(out, err))
	}
	defer lock.Unlock()
	kept := make(chan struct{})
	go func() {
		var word string
		if words.Decode(&word) == nil && word == keep {
			close(kept)
			return
		}
		s.log.Print("the command that started this box is gone")
		cancel()
	}()
	err = s.start(ctx)
	if err != nil {
		// Everything is gone before the answer, so that whoever hears it finds
		// nothing left.
		err = errors.Join(err, s.end())
		return errors.Join(err, answer(out, err))
	}
	if err := answer(out, nil); err != nil {
		return errors.Join(err, s.end())
	}
	s.watch(ctx)
	return s.end()
}

type supervisor struct {
	config Config
	log    *log.Logger
	planes []*controlplane.ControlPlane

	mu     sync.Mutex
	record Record
}

// start starts all clusters side by side.
func (s *supervisor) start(ctx context.Context) error {
	s.record = Record{
		Summary:    s.config.Summary,
		Supervisor: os.Getpid(),
		Started:    time.Now().UTC(),
		Made:       s.config.Made,
		Components: map[string][]controlplane.Component{},
	}
	pid := []byte(strconv.Itoa(os.Getpid()) + "\n")
	if err := os.WriteFile(filepath.Join(s.config.Dir, pidFile), pid, 0o644); err != nil {
		return fmt.Errorf("writing the supervisor's process id: %w", err)
	}
	if err := s.record.write(); err != nil {
		return err
	}
	if err := s.startClusters(ctx); err != nil {
		return err
	}
	s.record.Ready = true
	s.log.Printf("ready after %.1f s", time.Since(s.record.Started).Seconds())
	return s.record.write()
}

// startClusters starts all clusters side by side. The first failure ends the
// others' attempts and is the one that is told.
func (s *supervisor) startClusters(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, c := range s.record.Clusters() {
		all.Go(func() {
			plane, err := s.startCluster(ctx, c)
			if err != nil {
				cancel(err)
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.planes = append(s.planes, plane)
			s.record.Components[c.Name] = plane.Components()
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func (s *supervisor) startCluster(ctx context.Context, c Cluster) (*controlplane.ControlPlane, error) {
	o := controlplane.Options{
		Name:       c.Name,
		Dir:        filepath.Dir(c.Kubeconfig),
		Nodes:      s.config.Nodes,
		Containerd: s.config.Containerd && (s.config.HubNode || c != s.config.Hub),
		Programs:   s.config.Programs,
	}
	plane, err := controlplane.Start(ctx, o)
	if err != nil || !o.Containerd {
		return plane, err
	}
	if err := plane.Load(ctx, s.config.Images...); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return plane, nil
}

// watch writes down what crashes until it is time to end.
func (s *supervisor) watch(ctx context.Context) {
	for _, plane := range s.planes {
		go func() {
			for {
				select {
				case crash := <-plane.Crashes():
					s.crashed(plane.Name(), crash)
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	<-ctx.Done()
}

func (s *supervisor) crashed(cluster string, crash *process.Crash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.Printf("crash in %s:\n%s", cluster, process.Explain(crash))
	s.record.Crashes = append(s.record.Crashes, Crash{
		Cluster:   cluster,
		Component: crash.Name,
		Time:      time.Now().UTC(),
		Message:   fmt.Sprint(crash.Cause),
		Log:       crash.Log,
		Said:      crash.Said(),
	})
	if err := s.record.write(); err != nil {
		s.log.Print(err)
	}
}

// end stops every cluster and clears the directory.
func (s *supervisor) end() error {
	var all sync.WaitGroup
	errs := make([]error, len(s.planes))
	for i, plane := range s.planes {
		all.Go(func() { errs[i] = plane.Stop() })
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(errors.Join(errs...), s.record.clear())
}

// answer tells Up how it went and closes the pipe.
func answer(out io.WriteCloser, err error) error {
	defer out.Close()
	var r report
	if err != nil {
		r.Error = err.Error()
		if crash, ok := errors.AsType[*process.Crash](err); ok {
			r.Tail = crash.Tail
		}
	}
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return fmt.Errorf("answering: %w", err)
	}
	return nil
}
