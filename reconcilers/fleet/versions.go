package fleet

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"
)

// Need is what the hub or a member must have, and the first version of Kubernetes that has it without a feature gate.
type Need struct {
	Hub   bool // of the hub; otherwise of a member
	Since string
	What  string
}

// Needs are why older versions are refused. docs/install.md repeats them; a test compares the two.
var Needs = []Need{
	{false, "1.24", "suspended Jobs, so that an agent starts only once its Job is on record"},
	{false, "1.29", "podReplacementPolicy and status.terminating of Jobs, by which an attempt has ended only when its pod has"},
	{true, "1.29", "validation rules (CEL) of kinds, which refuse runs that make no sense"},
	{true, "1.30", "ratcheting of those rules, without which a rule that an upgrade brings would lock up the runs of before"},
}

// NewestTested is the newest version that the tests run on: that of test/controlplane/binaries.
const NewestTested = "1.36"

// Oldest is the oldest supported version of hubs or members.
func Oldest(hub bool) string {
	oldest := "1.0"
	for _, n := range Needs {
		if n.Hub == hub && version.MustParseGeneric(oldest).LessThan(version.MustParseGeneric(n.Since)) {
			oldest = n.Since
		}
	}
	return oldest
}

// CheckVersion says why an API server's version is refused, or what is to be known of it; both are "" for one that is tested.
// One that says nothing readable is let through: the requests will tell.
func CheckVersion(gitVersion string, hub bool) (refused, note string) {
	is, err := version.ParseGeneric(gitVersion)
	if err != nil {
		return "", ""
	}
	for _, n := range Needs {
		if n.Hub == hub && is.LessThan(version.MustParseGeneric(n.Since)) {
			refused = fmt.Sprintf("Kubernetes %s is too old: it lacks %s; %s is the oldest supported", gitVersion, n.What, Oldest(hub))
		}
	}
	if newest := version.MustParseGeneric(NewestTested); refused == "" && (is.Major() > newest.Major() || is.Minor() > newest.Minor()) {
		note = fmt.Sprintf("Kubernetes %s is newer than %s, the newest that was tested", gitVersion, NewestTested)
	}
	return refused, note
}
