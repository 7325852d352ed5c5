package v1

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// maxLabel is the longest DNS label, and the longest label value: a Job's name becomes its pods' job-name label.
const maxLabel = 63

// AttemptName is the name of the Job and of the ConfigMap of one attempt: {run name, cut}-{uid8}-{attempt}, a DNS
// label of at most 63 characters. Names of different runs differ by the UID, whatever the cut leaves of their names.
func AttemptName(run string, uid types.UID, attempt int32) string {
	short := strings.ReplaceAll(string(uid), "-", "")
	if len(short) > 8 {
		short = short[:8]
	}
	suffix := fmt.Sprintf("-%s-%d", short, attempt)
	// A DNS label has no dots and, in a Job's name, must not begin with one; a cut must not end in a hyphen.
	base := strings.ReplaceAll(run, ".", "-")
	if room := maxLabel - len(suffix); len(base) > room {
		base = base[:room]
	}
	return strings.TrimRight(base, "-") + suffix
}
