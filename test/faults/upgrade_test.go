//go:build faults

package faults

import (
	"context"
	"errors"
	"flag"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// from tries an upgrade from elsewhere, which nobody promises.
var from = flag.String("from", "", "the commit to upgrade from, instead of the version before that of HEAD")

// version is a program and the kinds that it prints.
type version struct {
	program *bed.Program
	kinds   []*unstructured.Unstructured
}

func versionOf(ctx context.Context, p *bed.Program) version {
	GinkgoHelper()
	text, err := exec.CommandContext(ctx, p.Path, "crds").Output()
	Expect(err).NotTo(HaveOccurred())
	kinds, err := bed.ReadKinds(text)
	Expect(err).NotTo(HaveOccurred())
	Expect(kinds).To(HaveLen(3))
	return version{p, kinds}
}

// before is the version before that of HEAD.
func before(ctx context.Context) version {
	GinkgoHelper()
	commit := *from
	if commit == "" {
		var err error
		commit, err = bed.Before(ctx)
		Expect(err).NotTo(HaveOccurred())
	}
	commit, err := bed.Git(ctx, "rev-parse", "--verify", commit+"^{commit}")
	Expect(err).NotTo(HaveOccurred())
	AddReportEntry("the version before", commit)
	p, err := bed.BuildCommit(ctx, scratch, commit)
	Expect(err).NotTo(HaveOccurred())
	return versionOf(ctx, p)
}

// lead has a version's operator take over, and returns when the one before it has ended as it should.
func (v version) lead() {
	GinkgoHelper()
	old := operator.replace(v.program.Path)
	Eventually(old.Done()).Should(BeClosed())
	var exit *exec.ExitError
	Expect(errors.As(old.Crash().Cause, &exit)).To(BeFalse(), "it ended with an error: %s", old.Log)
}

// unknown is a field of every status that no version knows, so that the one before meets what it does not know although nothing
// was added since.
const unknown = "unknownToAll"

// withUnknown are the kinds of a version with that field.
func (v version) withUnknown() []*unstructured.Unstructured {
	GinkgoHelper()
	var kinds []*unstructured.Unstructured
	for _, kind := range v.kinds {
		kind = kind.DeepCopy()
		versions, _, err := unstructured.NestedSlice(kind.Object, "spec", "versions")
		Expect(err).NotTo(HaveOccurred())
		Expect(versions).To(HaveLen(1))
		status := []string{"schema", "openAPIV3Schema", "properties", "status", "properties", unknown, "type"}
		Expect(unstructured.SetNestedField(versions[0].(map[string]any), "string", status...)).To(Succeed())
		Expect(unstructured.SetNestedSlice(kind.Object, versions, "spec", "versions")).To(Succeed())
		kinds = append(kinds, kind)
	}
	return kinds
}

// everything is all that the hub has of the kinds.
func everything(ctx context.Context) []client.Object {
	GinkgoHelper()
	var docs v1.DocsRunList
	var code v1.CodeRunList
	var members v1.MemberClusterList
	Expect(errors.Join(hub.List(ctx, &docs), hub.List(ctx, &code), hub.List(ctx, &members))).To(Succeed())
	var all []client.Object
	for i := range docs.Items {
		all = append(all, &docs.Items[i])
	}
	for i := range code.Items {
		all = append(all, &code.Items[i])
	}
	for i := range members.Items {
		all = append(all, &members.Items[i])
	}
	return all
}

// mark writes the unknown field, as a later version would, and returns when it is stored: then that version's kinds are in force.
func mark(ctx context.Context, o client.Object) {
	GinkgoHelper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":{"`+unknown+`":"x"}}`))
	Eventually(ctx, func() (bool, error) {
		u, err := asStored(ctx, o)
		if err != nil {
			return false, err
		}
		if err := hub.Status().Patch(ctx, u, patch); err != nil {
			return false, err
		}
		_, found, err := unstructured.NestedString(u.Object, "status", unknown)
		return found, err
	}).Should(BeTrue(), "%T", o)
}

func hasMark(ctx context.Context, o client.Object) (bool, error) {
	u, err := asStored(ctx, o)
	if err != nil {
		return false, err
	}
	_, found, err := unstructured.NestedString(u.Object, "status", unknown)
	return found, err
}

func asStored(ctx context.Context, o client.Object) (*unstructured.Unstructured, error) {
	kind, err := hub.GroupVersionKindFor(o)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	return u, hub.Get(ctx, client.ObjectKeyFromObject(o), u)
}
