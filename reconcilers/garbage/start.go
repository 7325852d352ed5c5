package garbage

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/runfleet/runfleet/reconcilers/fleet"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// hourly is how long something may lie about that no change of its member led to.
	hourly = time.Hour
	// soon and late are when a sweep is tried again that came to no end, first and later.
	soon = 5 * time.Second
	late = 10 * time.Minute
)

// NeedLeaderElection implements manager.LeaderElectionRunnable: only the leader deletes.
func (*Sweeper) NeedLeaderElection() bool { return true }

// MemberChanged has a member swept soon, if it answers: it may have come back with what was created or left while nobody
// could reach it. Whatever else changed: that is rare, and a sweep that finds nothing costs three requests. It does not wait.
func (s *Sweeper) MemberChanged(name string) { s.due().Add(name) }

// Start sweeps every member at once, whenever it changes, and hourly, until ctx ends. Each sweep has a goroutine of its
// own, so that no member waits for another; the queue holds a member back that is being swept.
func (s *Sweeper) Start(ctx context.Context) error {
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithName("sweeper"))
	var running sync.WaitGroup
	running.Go(func() { s.remind(ctx) })
	for {
		name, ended := s.due().Get()
		if ended {
			running.Wait()
			return nil
		}
		running.Go(func() {
			defer s.due().Done(name)
			s.sweep(ctx, name)
		})
	}
}

// remind makes every member due, again and again.
func (s *Sweeper) remind(ctx context.Context) {
	defer s.due().ShutDown()
	tick := time.NewTicker(hourly)
	defer tick.Stop()
	for {
		for _, m := range s.Members() {
			s.due().Add(m.Name)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Sweeper) sweep(ctx context.Context, name string) {
	members := s.Members()
	i := slices.IndexFunc(members, func(m fleet.Member) bool { return m.Name == name })
	if i < 0 || ctx.Err() != nil {
		s.due().Forget(name)
		return
	}
	err := s.Sweep(ctx, members[i])
	switch {
	case errors.Is(err, ErrQuarantined):
	case err != nil && ctx.Err() == nil:
		log.FromContext(ctx).Info("Sweeping came to no end and is tried again", "cluster", name, "error", err.Error())
	default:
		s.due().Forget(name)
		return
	}
	s.due().AddRateLimited(name)
}
