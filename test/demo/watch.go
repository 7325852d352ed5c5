package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	v1 "github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// glance is how often the demo looks at the runs. A run waits for seconds for a busy workspace, and must be seen waiting.
	glance = 200 * time.Millisecond
	// lastFrame is what the live table needs to draw the last change.
	lastFrame = 500 * time.Millisecond
)

// sights are what was seen of the runs, by their names as in docsrun/NAME.
type sights map[string]*sight

type sight struct {
	status v1.RunStatus
	waited string // for a busy workspace: what was said then
}

func (s *sight) final() bool {
	switch s.status.Phase {
	case v1.PhaseSucceeded, v1.PhaseFailed, v1.PhaseCancelled:
		return true
	default:
		return false
	}
}

// watch looks at the runs until all that promised something are final.
func (d *demo) watch(ctx context.Context) error {
	hub, err := connect(d.fleet.Hub.Kubeconfig)
	if err != nil {
		return err
	}
	d.sights = sights{}
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		if err := d.sights.look(ctx, hub); err != nil {
			return because(ctx, err)
		}
		if d.sights.allFinal(d.promises) {
			tick.Reset(lastFrame)
			<-tick.C
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func connect(kubeconfig string) (client.Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig of the hub: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("building the scheme: %w", err)
	}
	hub, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the hub: %w", err)
	}
	return hub, nil
}

func (s sights) look(ctx context.Context, hub client.Client) error {
	var docs v1.DocsRunList
	var code v1.CodeRunList
	if err := errors.Join(hub.List(ctx, &docs), hub.List(ctx, &code)); err != nil {
		return fmt.Errorf("looking at the runs: %w", err)
	}
	for i := range docs.Items {
		s.see("docsrun", &docs.Items[i])
	}
	for i := range code.Items {
		s.see("coderun", &code.Items[i])
	}
	return nil
}

func (s sights) see(kind string, run v1.Run) {
	name := kind + "/" + run.GetName()
	if s[name] == nil {
		s[name] = &sight{}
	}
	s[name].status = *run.RunStatus()
	if run.RunStatus().Reason == v1.ReasonWorkspaceBusy {
		s[name].waited = strings.TrimSpace(run.RunStatus().Message)
	}
}

func (s sights) allFinal(promises []promise) bool {
	for _, p := range promises {
		if seen := s[p.run]; seen == nil || !seen.final() {
			return false
		}
	}
	return true
}
