package fleet

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersionsAreRefusedWithWhatTheyLack(t *testing.T) {
	for _, c := range []struct {
		version       string
		hub           bool
		refused, note string
	}{
		{version: "v1.36.3"},
		{version: "v1.29.0"},
		{version: "v1.30.1-eks-1234567", hub: true},
		{version: "v1.28.9", refused: "Kubernetes v1.28.9 is too old: it lacks " + Needs[1].What + "; 1.29 is the oldest supported"},
		{version: "v1.29.9", hub: true, refused: "Kubernetes v1.29.9 is too old: it lacks " + Needs[3].What + "; 1.30 is the oldest supported"},
		{version: "v1.37.0+k3s1", note: "Kubernetes v1.37.0+k3s1 is newer than 1.36, the newest that was tested"},
		{version: "who knows"},
	} {
		refused, note := CheckVersion(c.version, c.hub)
		if diff := cmp.Diff([]string{c.refused, c.note}, []string{refused, note}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.version, diff)
		}
	}
}

func TestTheDocumentationRepeatsTheVersions(t *testing.T) {
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, n := range Needs {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", map[bool]string{true: "hub", false: "member"}[n.Hub], n.Since, n.What)
	}
	if !strings.Contains(string(page), want.String()) || !strings.Contains(string(page), "Tested up to "+NewestTested+".") {
		t.Errorf("docs/install.md lacks\n%s", want.String())
	}
}

func TestTheNewestTestedVersionIsThatOfTheTestBed(t *testing.T) {
	mod, err := os.ReadFile("../../test/controlplane/binaries/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`k8s\.io/kubernetes v(\d+\.\d+)\.`).FindSubmatch(mod)
	if found == nil || string(found[1]) != NewestTested {
		t.Errorf("want %s, got %s", NewestTested, found)
	}
}
