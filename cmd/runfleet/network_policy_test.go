package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/test/golden"
)

func TestNetworkPolicyPrintsWhatAgentsMayReach(t *testing.T) {
	for name, args := range map[string][]string{
		"network-policy.yaml": nil,
		"network-policy-own.yaml": {
			"-n", "team-a", "--egress", "public:443", "--egress", "10.1.2.0/24:443,3000", "--egress", "2001:db8::/32:8443", "--egress", "0.0.0.0/0",
		},
	} {
		got := call(append([]string{"network-policy"}, args...)...)
		if got.Code != exitOK || got.Stderr != "" {
			t.Errorf("exit code %d: %s", got.Code, got.Stderr)
		}
		golden.Check(t, name, got.Stdout)
	}
	inJSON := call("network-policy", "-o", "json")
	if !strings.HasPrefix(inJSON.Stdout, "{\n    \"apiVersion\": \"networking.k8s.io/v1\"") {
		t.Errorf("no JSON: %.80s", inJSON.Stdout)
	}
}

func TestNetworkPolicySaysWhatToWrite(t *testing.T) {
	const ranges = "write a range of addresses, such as 10.1.2.0/24:443 or 2001:db8::/32, or public; a policy does not know names of hosts"
	const ports = "is no port: write ports from 1 to 65535, separated by commas, such as :443,8443"
	for egress, want := range map[string]string{
		"api.example.com":     ranges,
		"api.example.com:443": ranges,
		"":                    ranges,
		"::ffff:1.2.3.0/120":  ranges,
		"10.1.2.0/33":         ranges,
		"10.1.2.3":            "write 10.1.2.3/32 for this one address",
		"2001:db8::1":         "write 2001:db8::1/128 for this one address",
		"10.1.2.3:443":        "write 10.1.2.3/32:443 for this one address",
		"10.1.2.3/24:443":     "write 10.1.2.0/24 for the range, or 10.1.2.3/32 for the one address",
		"10.1.2.0/24:":        `"" ` + ports,
		"10.1.2.0/24:443,x":   `"x" ` + ports,
		"public:0":            `"0" ` + ports,
		"public:65536":        `"65536" ` + ports,
		"169.254.169.254/32":  "lies in 169.254.0.0/16, where clouds hand out the credentials of a node: no agent may reach it",
	} {
		want := result{Code: exitUsage, Stderr: "runfleet: --egress \"" + egress + "\": " + want + "\nSee 'runfleet network-policy --help'.\n"}
		if diff := cmp.Diff(want, call("network-policy", "--egress", egress)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	want := result{Code: exitUsage, Stderr: `runfleet: --namespace "Team A": write the name of a namespace: lower-case letters, digits and '-', such as team-a` +
		"\nSee 'runfleet network-policy --help'.\n"}
	if diff := cmp.Diff(want, call("network-policy", "--namespace", "Team A")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
