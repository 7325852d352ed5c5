package v1

import (
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

func TestAttemptNamesAreDNSLabels(t *testing.T) {
	const uid = types.UID("1a2b3c4d-5e6f-4a8b-9c0d-112233445566")
	for _, name := range []string{
		"a", "fix-login", "fix.login.v2", strings.Repeat("a", 253), strings.Repeat("a-", 126) + "a",
		strings.Repeat("a", 50) + "-.-" + strings.Repeat("b", 50),
	} {
		for _, attempt := range []int32{1, 99, 2147483647} {
			got := AttemptName(name, uid, attempt)
			if len(got) > 63 || !dnsLabel.MatchString(got) {
				t.Errorf("AttemptName(%q, …, %d) = %q (%d characters)", name, attempt, got, len(got))
			}
		}
	}
	if got := AttemptName("fix-login", uid, 2); got != "fix-login-1a2b3c4d-2" {
		t.Errorf("got %q", got)
	}
}
