package main

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// kind is one kind of object that the verbs speak of.
type kind struct {
	name    string // as it is shown, and as kubectl knows it too
	aliases []string
	title   string // its Kind
	object  func() client.Object
	list    func() client.ObjectList
	global  bool // whether it has no namespace
}

var (
	docsRuns = &kind{
		name: "docsrun", aliases: []string{"docsruns", "dr"}, title: "DocsRun",
		object: func() client.Object { return &v1.DocsRun{} },
		list:   func() client.ObjectList { return &v1.DocsRunList{} },
	}
	codeRuns = &kind{
		name: "coderun", aliases: []string{"coderuns", "cr"}, title: "CodeRun",
		object: func() client.Object { return &v1.CodeRun{} },
		list:   func() client.ObjectList { return &v1.CodeRunList{} },
	}
	members = &kind{
		name: "membercluster", aliases: []string{"memberclusters", "mc", "member", "members"}, title: "MemberCluster", global: true,
		object: func() client.Object { return &v1.MemberCluster{} },
		list:   func() client.ObjectList { return &v1.MemberClusterList{} },
	}

	runKinds = []*kind{docsRuns, codeRuns}
	allKinds = []*kind{docsRuns, codeRuns, members}
)

func (k *kind) gvk() schema.GroupVersionKind { return v1.GroupVersion.WithKind(k.title) }

// of names an object of the kind, in the form that all verbs and kubectl accept.
func (k *kind) of(name string) string { return k.name + "/" + name }

// kindsCalled are the kinds that a word stands for: nil for a word that is none of their names. "runs" is the category
// of the CRDs, and a name of kubectl's long form has the group behind it.
func kindsCalled(word string) []*kind {
	word = strings.TrimSuffix(strings.ToLower(word), "."+v1.GroupVersion.Group)
	if word == "runs" || word == "run" {
		return runKinds
	}
	for _, k := range allKinds {
		if k.name == word || slices.Contains(k.aliases, word) {
			return []*kind{k}
		}
	}
	return nil
}

// item is an object of a kind, as the API server had it.
type item struct {
	kind   *kind
	object client.Object
	gone   bool // whether it was deleted since
}

func (i item) String() string { return i.kind.of(i.object.GetName()) }

// run is the object as a run; nil if it is none.
func (i item) run() v1.Run {
	r, _ := i.object.(v1.Run)
	return r
}

// key tells items apart.
func (i item) key() string {
	return i.object.GetNamespace() + " " + i.String()
}
