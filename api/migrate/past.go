package migrate

import (
	"slices"
	"strings"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// past reads the status, and says whether the object may become a new run: whether it has no past.
func (d *draft) past() bool {
	status, _ := d.original["status"].(map[string]any)
	phase := text(status["phase"])
	again := "to have it executed all the same, remove its status and convert it again"
	switch {
	case len(status) == 0:
		return true
	case over(status):
		d.notef("status", "left out: it has ended (%s), and would be executed again; %s", orWord(phase, "its work is completed"), again)
		return false
	case phase == string(v1.PhasePending) && !begun(status):
		d.notef("status", "was dropped: it never started, so it begins anew")
		return true
	default:
		d.notef("status", "left out: it is under way (%s)%s, and would get a second agent beside its first: wait until it has ended; %s",
			orWord(phase, "no phase"), inJob(status), again)
		return false
	}
}

func over(status map[string]any) bool {
	done, _ := first(status, "workCompleted", "work_completed").(bool)
	ended := []string{string(v1.PhaseSucceeded), string(v1.PhaseFailed), string(v1.PhaseCancelled)}
	return done || slices.Contains(ended, text(status["phase"])) || first(status, "finishedAt", "finished_at") != nil
}

// begun says that the controller had done something already.
func begun(status map[string]any) bool {
	tries, _ := number(first(status, "attempts", "attempt", "retryCount", "retry_count"))
	return tries > 0 || first(status, "jobName", "job_name") != nil
}

func inJob(status map[string]any) string {
	if job := text(first(status, "jobName", "job_name")); job != "" {
		return " in Job " + job
	}
	return ""
}

func first(m map[string]any, names ...string) any {
	for _, n := range names {
		if m[n] != nil {
			return m[n]
		}
	}
	return nil
}

// kept are the metadata that a new object takes over; the rest is the API server's, or speaks of other objects.
var kept = []string{"name", "generateName", "namespace", "labels", "annotations"}

// metadata takes over names, labels and annotations. It says no for an object that is being deleted.
func (d *draft) metadata() bool {
	meta, _ := d.original["metadata"].(map[string]any)
	if meta["deletionTimestamp"] != nil {
		d.notef("metadata.deletionTimestamp", "left out: it is being deleted")
		return false
	}
	out := map[string]any{}
	for _, name := range kept {
		if meta[name] != nil {
			out[name] = meta[name]
		}
	}
	d.annotations(out)
	if meta["ownerReferences"] != nil {
		d.notef("metadata.ownerReferences", "was dropped: the owner's deletion would delete the new run too")
	}
	if finalizers, _ := meta["finalizers"].([]any); len(finalizers) > 0 {
		d.notef("metadata.finalizers", "was dropped: only the controller that wrote it would remove it")
	}
	switch {
	case text(meta["name"]) == "" && text(meta["generateName"]) == "":
		d.notef("metadata.name", "left out: a run needs a name: add it and convert again")
		d.incomplete = true
		return false
	case text(meta["name"]) == "":
		d.notef("metadata.generateName", "kubectl apply needs a name: write one, or use kubectl create")
	}
	d.out["metadata"] = out
	return true
}

// annotations takes over all but bookkeeping, and those of the original under the names that mean the same here.
func (d *draft) annotations(meta map[string]any) {
	all, _ := meta["annotations"].(map[string]any)
	if preserve, there := all["cleanup.cto.dev/preserve"]; there {
		all[v1.AnnotationPreserve] = preserve
		d.notef("metadata.annotations.cleanup.cto.dev/preserve", "is %s now", v1.AnnotationPreserve)
	}
	if ttl, there := all["cleanup.cto.dev/ttl-seconds"]; there {
		if n, ok := seconds(text(ttl)); ok {
			d.spec["retentionSeconds"] = n
			d.notef("metadata.annotations.cleanup.cto.dev/ttl-seconds", "is spec.retentionSeconds now")
		} else {
			d.notef("metadata.annotations.cleanup.cto.dev/ttl-seconds",
				"was dropped: it is no number of seconds up to a year: write spec.retentionSeconds")
		}
	}
	for name := range all {
		mark := name == v1.AnnotationStamp || name == v1.AnnotationAbandonRemote
		if mark || strings.HasPrefix(name, "kubectl.kubernetes.io/") || strings.HasPrefix(name, "cleanup.cto.dev/") {
			delete(all, name)
		}
	}
	if len(all) == 0 {
		delete(meta, "annotations")
	}
}
