// Package stages tells kwok how simulated nodes, pods and volumes behave.
//
//	behaviours.yaml ──► table ─┐
//	                           ├─► agent.jq    which stage is next, and when
//	                           └─► agent.tmpl  what the pod's status says then
//	node.yaml pod.yaml volume.yaml agent.yaml  the stages that ask and tell
//
// How a simulated agent behaves is decided here alone. Runfleet does not know
// that it is simulated.
package stages

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed *.yaml *.jq *.tmpl
var files embed.FS

// Class is the name of the storage class whose claims get simulated volumes.
const Class = "simulated"

// A Behaviour is what the agents of a service do.
type Behaviour struct {
	Service string `json:"service"`
	Does    string `json:"does"`
	Plans   []Plan `json:"plans"`
}

// A Plan is what an agent does in the attempts up to Until.
type Plan struct {
	Until    int    `json:"until,omitempty"`
	Runs     int    `json:"runs,omitempty"`
	Stops    int    `json:"stops,omitempty"`
	Waiting  string `json:"waiting,omitempty"`
	ExitCode int    `json:"exitCode"`
	Reason   string `json:"reason,omitempty"`
	Pod      string `json:"pod,omitempty"`
	Message  string `json:"message,omitempty"`
	Outcome  any    `json:"outcome,omitempty"`
}

// interrupted is how an agent ends that is asked to end.
var interrupted = Plan{
	ExitCode: 143,
	Reason:   "Error",
	Outcome: map[string]any{
		"result": "interrupted", "reason": "ended from outside; partial work is pushed",
		"branch": "runfleet/SERVICE-ATTEMPT", "sessionId": "UID",
		"costUSD": 0.17, "inputTokens": 4000, "outputTokens": 321, "turns": 4,
	},
}

// Behaviours lists what simulated agents can do.
func Behaviours() ([]Behaviour, error) {
	var list []Behaviour
	if err := yaml.UnmarshalStrict(read("behaviours.yaml"), &list); err != nil {
		return nil, fmt.Errorf("reading the behaviours: %w", err)
	}
	return list, nil
}

// Config returns the configuration file of kwok.
func Config() ([]byte, error) {
	list, err := Behaviours()
	if err != nil {
		return nil, err
	}
	table := map[string][]Plan{}
	for _, b := range list {
		table[b.Service] = b.Plans
	}
	words, err := vocabulary(table)
	if err != nil {
		return nil, err
	}
	var docs []string
	for _, name := range []string{"node.yaml", "pod.yaml", "agent.yaml", "volume.yaml"} {
		docs = append(docs, expand(string(read(name)), words))
	}
	return []byte(strings.Join(docs, "---\n")), nil
}

// vocabulary is what stands for each @word@ in the files.
func vocabulary(table map[string][]Plan) (map[string]string, error) {
	words := map[string]string{}
	for word, value := range map[string]any{"table": table, "interrupted": interrupted} {
		data, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("writing the behaviours: %w", err)
		}
		words[word] = string(data)
	}
	agent := expand(string(read("agent.jq")), words)
	words["next"] = quote(agent + "next")
	words["delay"] = quote(agent + "delay")
	words["plain"] = quote(string(read("pod.jq")) + "plain")
	for _, name := range []string{"agent.tmpl", "started.tmpl", "ended.tmpl"} {
		words[name] = expand(string(read(name)), words)
	}
	return words, nil
}

var word = regexp.MustCompile(`(?m)^( *)@([a-z.]+)@$|@([a-z.]+)@`)

// expand replaces each @word@. One that stands alone on its line is replaced by
// lines that are indented as it is.
func expand(text string, words map[string]string) string {
	return word.ReplaceAllStringFunc(text, func(found string) string {
		m := word.FindStringSubmatch(found)
		if m[2] == "" {
			return words[m[3]]
		}
		lines := strings.Split(strings.TrimRight(words[m[2]], "\n"), "\n")
		return m[1] + strings.Join(lines, "\n"+m[1])
	})
}

// quote writes a program as a string of JSON, which YAML reads too.
func quote(program string) string {
	data, err := json.Marshal(program)
	if err != nil {
		panic(err) //nolint:forbidigo // A string is always written.
	}
	return string(data)
}

func read(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(err) //nolint:forbidigo // The files are part of the program.
	}
	return data
}
