// Package config reads the operator's configuration: the key config.yaml of the ConfigMap task-controller-config, as the
// original has it, and the ConfigMap runfleet-templates with templates of the user's own.
//
//	config.yaml ──► Parse ──► Config ──► With ──► Source ──► Current()
//	templates ────► render.NewTemplates ──┘          ▲
//	                every error, every unknown key   └─ Watches: a valid change replaces its part, an invalid one is reported
//
// Both together are one Config with one digest: whatever shapes an attempt is pinned by it. Invalid at start means that the
// operator does not start; invalid later, that the last good one of the two that is wrong stays.
package config

import (
	"math"
	"slices"
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
	// Earlier is what was in force before, the newest last: an attempt is rendered with what it was committed with.
	Earlier []Earlier
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

// Earlier shaped the objects of attempts until the configuration or the templates changed.
type Earlier struct {
	TemplateDigest string
	Render         render.Settings
}

// keptEarlier is how many are remembered. Only attempts without a Job need one, so for minutes; a set of templates is 1 MiB
// at most.
const keptEarlier = 8

// RenderOf is what the attempts with that digest are rendered with. False means that nobody remembers: it was in force
// before this operator started, or too many changes ago.
func (c Config) RenderOf(digest string) (render.Settings, bool) {
	if digest == c.TemplateDigest {
		return c.Render, true
	}
	for _, e := range c.Earlier {
		if e.TemplateDigest == digest {
			return e.Render, true
		}
	}
	return render.Settings{}, false
}

// EarlierDigests are those of what is remembered.
func (c Config) EarlierDigests() []string {
	var all []string
	for _, e := range c.Earlier {
		all = append(all, e.TemplateDigest)
	}
	return all
}

// With is the configuration with a set of templates, nil for the built-in one. It is an error if samples of both kinds
// cannot be rendered so.
func (c Config) With(templates *render.Templates) (Config, error) {
	c.Render.Templates = templates
	if err := render.Check(c.Render); err != nil {
		return Config{}, err
	}
	c.TemplateDigest = render.Digest(c.Render)
	return c, nil
}

// After is the configuration that takes the place of another, which it remembers.
func (c Config) After(was Config) Config {
	all := append(slices.Clone(was.Earlier), Earlier{was.TemplateDigest, was.Render})
	c.Earlier = slices.DeleteFunc(all, func(e Earlier) bool { return e.TemplateDigest == c.TemplateDigest })
	c.Earlier = c.Earlier[max(0, len(c.Earlier)-keptEarlier):]
	return c
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
