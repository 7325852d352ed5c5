package reconcilers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/render"
	"k8s.io/apimachinery/pkg/types"
)

// RunFacts is what the person asks for, with the configuration's defaults filled in.
func RunFacts(kind lifecycle.Kind, run v1.Run, c config.Config) lifecycle.RunFacts {
	spec := run.RunSpec()
	stamp, incarnation := parseStamp(run.GetAnnotations()[v1.AnnotationStamp])
	r := lifecycle.RunFacts{
		Name: run.GetName(), UID: run.GetUID(), Generation: run.GetGeneration(),
		Created: run.GetCreationTimestamp().Time, Deleted: run.GetDeletionTimestamp() != nil,
		Finalizer: slices.Contains(run.GetFinalizers(), v1.Finalizer), StampUID: stamp, StampIncarnation: incarnation,
		ContextVersion: max(spec.ContextVersion, 1), Cancel: spec.Cancel, Suspend: spec.Suspend,
		Deadline:             c.Deadline(kind, spec.DeadlineSeconds),
		ProvisioningDeadline: c.ProvisioningDeadline(spec.ProvisioningDeadlineSeconds),
		MaxRetries:           defaultMaxRetries, RetryAlsoOn: spec.Retry.AlsoOn, OnClusterLost: v1.ClusterLostWait,
		Retention:       c.Retention(spec.RetentionSeconds, v1.PhaseSucceeded),
		RetentionFailed: c.Retention(spec.RetentionSeconds, v1.PhaseFailed),
		Preserve:        run.GetAnnotations()[v1.AnnotationPreserve] == "true",
		Branch:          render.PatternBranch(run, c.Render.Branches),
		TemplateDigest:  c.TemplateDigest, EarlierDigests: c.EarlierDigests(), Doubts: render.Doubts(run),
	}
	if l := spec.Limits; l != nil {
		r.MaxTurns, r.MaxCostUSD = l.MaxTurns, l.MaxCostUSD
	}
	if spec.TotalDeadlineSeconds != nil {
		r.TotalDeadline = seconds(*spec.TotalDeadlineSeconds)
	}
	if spec.TTLSecondsAfterFinished != nil {
		r.TTL = new(seconds(*spec.TTLSecondsAfterFinished))
	}
	if spec.Retry.MaxRetries != nil {
		r.MaxRetries = *spec.Retry.MaxRetries
	}
	if spec.Placement != nil && spec.Placement.OnClusterLost != "" {
		r.OnClusterLost = spec.Placement.OnClusterLost
	}
	if word, ok := run.GetAnnotations()[v1.AnnotationAbandonRemote]; ok {
		r.Abandoned = parseAttempt(word)
	}
	return r
}

// parseAttempt reads the number of an attempt, -1 for what is none.
func parseAttempt(s string) int32 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return -1
	}
	return int32(n)
}

// defaultMaxRetries is the schema's default, for objects that were stored before it had one.
const defaultMaxRetries = 2

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// parseStamp reads "uid/incarnation".
func parseStamp(s string) (types.UID, int64) {
	uid, number, ok := strings.Cut(s, "/")
	if !ok {
		return types.UID(uid), 0
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return types.UID(uid), 0
	}
	return types.UID(uid), n
}
