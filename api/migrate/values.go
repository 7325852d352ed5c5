package migrate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// year bounds the times that a run may name, in seconds.
const year = 31536000

func seconds(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= year
}

// login is a user, a password or a token in front of the host of an https URL.
var login = regexp.MustCompile(`^(https?://)[^/@]*@`)

// address takes credentials out of a URL: the API refuses one that has some.
func (d *draft) address(field, url string) string {
	if !login.MatchString(url) {
		return url
	}
	d.notef(field, "lost its user name or token, which is not repeated: put it into the Secret github-token-USER of the githubUser, "+
		"and revoke it: it stands in a manifest")
	return login.ReplaceAllString(url, "$1")
}

// addressOf moves a field that is a URL.
func (d *draft) addressOf(names ...string) {
	for _, name := range names {
		d.set(name, d.address("spec."+name, d.takeText(name)))
	}
}

// service names the service as the name of a volume can have it.
func (d *draft) service(field string) {
	was := d.takeText(field)
	is := strings.ToLower(strings.ReplaceAll(was, "_", "-"))
	if is != was {
		d.notef("spec."+field, "is %q now: it is part of the name of a volume, workspace-%s", is, is)
	}
	d.set("service", is)
}

// toolList makes one text of a list of tools: a CodeRun has them so.
func (d *draft) toolList(name string) {
	v, there := d.take(name)
	if list, isList := v.([]any); isList {
		v = strings.Join(texts(list), ",")
	}
	if there && v != "" {
		d.spec[name] = v
	}
}

func texts(list []any) []string {
	var out []string
	for _, v := range list {
		if s := text(v); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// preset takes the preset of tools. The original took any word, and unknown ones as default.
func (d *draft) preset() {
	p := d.takeText("toolConfig")
	if p == "" || slices.Contains([]string{"minimal", "default", "advanced"}, p) {
		d.set("toolConfig", p)
		return
	}
	d.notef("spec.toolConfig", "was dropped: there is no preset %q, which the original took for default", p)
}

// tools takes the tools that a run permits by itself. Of two with one name the last one counted.
func (d *draft) tools() {
	v, _ := d.take("agentTools")
	list, _ := v.([]any)
	var out []any
	for _, v := range list {
		tool, _ := v.(map[string]any)
		name := text(tool["name"])
		if name == "" {
			d.notef("spec.agentTools", "lost an entry without a name")
			continue
		}
		kept := map[string]any{}
		for _, field := range []string{"name", "enabled", "config", "restrictions"} {
			if tool[field] != nil {
				kept[field] = tool[field]
			}
			delete(tool, field)
		}
		d.strangers("spec.agentTools."+name, tool)
		out = d.replace(out, "spec.agentTools", name, kept)
	}
	if len(out) > 0 {
		d.spec["agentTools"] = out
	}
}

// replace appends an entry to a list in which each name may stand once.
func (d *draft) replace(list []any, field, name string, entry map[string]any) []any {
	at := slices.IndexFunc(list, func(v any) bool {
		m, _ := v.(map[string]any)
		return m["name"] == name
	})
	if at < 0 {
		return append(list, entry)
	}
	d.notef(field, "has %s twice: the last one counts", name)
	list[at] = entry
	return list
}

// maxPrompt is the API's bound of a prompt, in bytes.
const maxPrompt = 65536

// prompt makes one text of all that an original says to its agent in words: inline files, guidance, acceptance criteria.
func (d *draft) prompt() {
	d.keep("promptMode")
	guidance := d.takeText("promptModification")
	parts, own := d.inlineFiles(), len(guidance)
	if guidance != "" {
		parts = append(parts, guidance)
	}
	if criteria := d.takeText("acceptanceCriteria"); criteria != "" {
		parts = append(parts, "# Acceptance criteria\n\n"+criteria)
		d.notef("spec.acceptanceCriteria", "stands in promptModification now")
	}
	all := strings.Join(parts, "\n\n")
	if len(all) > maxPrompt {
		d.notef("spec.promptModification", "takes %d bytes, and these are %d: what was added to it was dropped; "+
			"put it into a file of the repository and name that", maxPrompt, len(all))
		all = guidance
	}
	if own > maxPrompt {
		d.notef("", "left out: its promptModification is longer than %d bytes: shorten it and convert again", maxPrompt)
		d.incomplete = true
	}
	d.set("promptModification", all)
}

// inlineFiles takes the files that the oldest TaskRuns carried with them. Their agent reads them as guidance: a run's own
// task is read from the repository.
func (d *draft) inlineFiles() []string {
	v, _ := d.take("markdownFiles")
	list, _ := v.([]any)
	var parts []string
	for i, v := range list {
		file, _ := v.(map[string]any)
		name := orWord(text(file["filename"]), fmt.Sprintf("file %d", i+1))
		path := fmt.Sprintf("spec.markdownFiles.%s", name)
		d.notef(path, "stands in promptModification now: better, commit it to .taskmaster of the repository; "+
			"without task files there, write taskId 0")
		if kind := text(file["fileType"]); kind != "" {
			d.notef(path+".fileType", "%q has no home here: the text is guidance", kind)
		}
		parts = append(parts, "# "+name+"\n\n"+text(file["content"]))
		for _, field := range []string{"filename", "content", "fileType"} {
			delete(file, field)
		}
		d.strangers(path, file)
	}
	return parts
}
