package migrate

import (
	"fmt"
	"strings"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// The groups of the original, in the order in which it had them. Its second one is ours.
const (
	groupFirst = "orchestrator.io"
	groupLast  = "agents.platform"
)

// allTasks is the taskId by which a TaskRun asked for the documentation of all tasks.
const allTasks = 999999

// Result is what became of some objects.
type Result struct {
	Objects []map[string]any // ready to be applied, in the order of the input
	Notes   []Note
	// Incomplete says that an object is missing for which a person must fill in something first; a note names it.
	Incomplete bool
}

// Note tells of one thing that was not carried over as it stood.
type Note struct {
	Object string // such as "TaskRun default/docs-1"
	Field  string // such as "spec.agentName"; empty for the whole object
	Text   string // what happened, and what to do
}

func (n Note) String() string {
	if n.Field == "" {
		return n.Object + ": " + n.Text
	}
	return n.Object + ": " + n.Field + ": " + n.Text
}

// Convert converts manifests, decoded from JSON or YAML. Lists are taken apart. The input is not changed.
func Convert(objects []map[string]any) Result {
	var r Result
	made := map[string]string{}
	for _, o := range flat(objects) {
		d := newDraft(o)
		converted := d.convert()
		if name := d.result(); converted && made[name] != "" {
			d.notef("metadata.name", "left out: %s became the %s already: give one of them another name", made[name], name)
			d.incomplete = true
		} else if converted {
			made[name] = d.object
			r.Objects = append(r.Objects, d.out)
		}
		r.Notes = append(r.Notes, d.notes...)
		r.Incomplete = r.Incomplete || d.incomplete
	}
	return r
}

// flat takes lists apart, as kubectl does.
func flat(objects []map[string]any) []map[string]any {
	var all []map[string]any
	for _, o := range objects {
		items, isList := o["items"].([]any)
		if !isList || !strings.HasSuffix(text(o["kind"]), "List") {
			all = append(all, o)
			continue
		}
		var inner []map[string]any
		for _, i := range items {
			if m, ok := i.(map[string]any); ok {
				inner = append(inner, m)
			}
		}
		all = append(all, flat(inner)...)
	}
	return all
}

// convert fills the draft, or says that the object is left out.
func (d *draft) convert() bool {
	group, _, _ := strings.Cut(text(d.original["apiVersion"]), "/")
	kind := text(d.original["kind"])
	switch {
	case group == groupFirst && kind == "TaskRun":
		return d.past() && d.metadata() && d.taskRun()
	case (group == groupLast || group == v1.GroupVersion.Group) && (kind == "DocsRun" || kind == "CodeRun"):
		return d.past() && d.metadata() && d.run(kind)
	case group == groupLast || group == groupFirst:
		d.notef("", "left out: there is no such kind here%s", instead[kind])
	default:
		d.notef("", "left out: it is no run of the original; apply it yourself if it is still needed")
	}
	return false
}

// instead says what to do without the kinds of the original's last generation.
var instead = map[string]string{
	"BoltRun":     "; a CodeRun does one task",
	"ReviewRun":   "; to have a pull request worked over, raise spec.contextVersion of its CodeRun with a promptModification",
	"PRD":         "; write the tasks into the repository's .taskmaster",
	"ManagedRepo": "; name the repository in each run",
}

// run converts a DocsRun or CodeRun.
func (d *draft) run(kind string) bool {
	d.renameSnakes()
	runType, given := d.take("runType")
	if given {
		switch text(runType) {
		case "implementation":
			d.notef("spec.runType", "implementation is what every CodeRun does: the field was dropped")
		case "documentation":
			d.notef("spec.runType", "documentation is a DocsRun of its own here: look at its workingDirectory and sourceBranch")
			return d.documentation()
		default:
			d.notef("spec.runType", "left out: there is no run type %q: ask for a CodeRun with a promptModification instead", text(runType))
			return false
		}
	}
	if kind == "DocsRun" {
		return d.docsRun()
	}
	return d.codeRun()
}

// become says what the draft is, and checks that it has what a run cannot do without.
func (d *draft) become(kind string, needed ...string) bool {
	d.out["apiVersion"], d.out["kind"] = v1.GroupVersion.String(), kind
	d.out["spec"] = d.spec
	d.strangers("spec", d.left)
	var missing []string
	for _, name := range needed {
		if _, there := d.spec[name]; !there {
			missing = append(missing, "spec."+name)
		}
	}
	if len(missing) > 0 {
		d.notef("", "left out: a %s needs %s: add it and convert again", kind, strings.Join(missing, " and "))
		d.incomplete = true
	}
	return !d.incomplete
}

// result names what the draft became.
func (d *draft) result() string {
	meta, _ := d.out["metadata"].(map[string]any)
	return fmt.Sprintf("%s %s", text(d.out["kind"]), nameOf(meta))
}
