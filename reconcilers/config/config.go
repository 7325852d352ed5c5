// Package config reads the operator's configuration: the key config.yaml of the ConfigMap task-controller-config, as the
// original has it.
//
//	config.yaml ──► Parse ──► Config ──► Source ──► Current()
//	                  │                     ▲
//	                  └─ every error,       └─ Watch: a valid change replaces it, an invalid one is reported
//	                     every unknown key
//
// Invalid at start means that the operator does not start; invalid later, that the last good one stays.
package config

import (
	"math"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
)

// Config is a valid configuration with every default filled in. docs/configuration.md explains each key.
type Config struct {
	// Render shapes the objects of an attempt.
	Render render.Settings
	// TemplateDigest identifies Render and the templates: what is rendered with the same is the same.
	TemplateDigest string
	// Lifecycle are the machine's times and allowances.
	Lifecycle lifecycle.Settings
	// Deadlines bound attempts.
	Deadlines Deadlines
	// Cleanup says how long the objects of finished runs stay on their members.
	Cleanup Cleanup
}

// Deadlines are the defaults for runs that say nothing, and the bounds for those that do.
type Deadlines struct {
	Docs, Code   time.Duration // of one attempt, where the run does not say
	Min, Max     time.Duration // whatever a run says, its deadline is brought within these
	Provisioning time.Duration // from the choice of a member to the agent's start, where the run does not say
}

// Cleanup is the retention of runs that do not say.
type Cleanup struct {
	Enabled   bool // false: everything stays
	Completed time.Duration
	Failed    time.Duration
}

// Deadline is the deadline of an attempt of a run. spec is the run's deadlineSeconds, nil for the kind's default.
func (c Config) Deadline(kind lifecycle.Kind, spec *int32) time.Duration {
	deadline := c.Deadlines.Code
	if kind == lifecycle.DocsRun {
		deadline = c.Deadlines.Docs
	}
	if spec != nil {
		deadline = inSeconds(*spec)
	}
	return max(c.Deadlines.Min, min(deadline, c.Deadlines.Max))
}

// ProvisioningDeadline is how long an attempt may take to start. spec is the run's provisioningDeadlineSeconds.
func (c Config) ProvisioningDeadline(spec *int32) time.Duration {
	if spec != nil {
		return inSeconds(*spec)
	}
	return c.Deadlines.Provisioning
}

// Forever is a retention that does not end: so long that no operator sees its end, and short enough to be added to a time.
const Forever time.Duration = math.MaxInt64 / 4

// Retention is how long the objects of a finished run stay on its members. spec is the run's retentionSeconds and wins.
// A cancelled run counts as completed: somebody ended it on purpose.
func (c Config) Retention(spec *int32, phase v1.Phase) time.Duration {
	switch {
	case spec != nil:
		return inSeconds(*spec)
	case !c.Cleanup.Enabled:
		return Forever
	case phase == v1.PhaseFailed:
		return c.Cleanup.Failed
	default:
		return c.Cleanup.Completed
	}
}

func inSeconds(n int32) time.Duration { return time.Duration(n) * time.Second }
