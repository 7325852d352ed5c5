package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const image = "agent: {image: {repository: registry.example.com/agent, tag: \"1.0.0\"}}\n"

// agentWith is a configuration with one more line about the agent.
func agentWith(line string) string {
	return "agent:\n  image: {repository: registry.example.com/agent, tag: \"1.0.0\"}\n  " + line + "\n"
}

// example is the config.yaml of docs/examples.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/examples/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m corev1.ConfigMap
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != v1.ConfigMapName || m.Namespace != v1.SystemNamespace {
		t.Fatalf("the example is %s/%s, and the operator reads %s/%s", m.Namespace, m.Name, v1.SystemNamespace, v1.ConfigMapName)
	}
	return m.Data[v1.ConfigMapKey]
}

func parsed(t *testing.T, text string) Config {
	t.Helper()
	c, notes, err := Parse([]byte(text))
	if err != nil || len(notes) > 0 {
		t.Fatalf("want neither notes nor an error, got %q, %v", notes, err)
	}
	return c
}

func TestTheExampleSaysTheDefaults(t *testing.T) {
	if diff := cmp.Diff(parsed(t, image), parsed(t, example(t))); diff != "" {
		t.Errorf("the example differs from the defaults (-defaults +example):\n%s", diff)
	}
}

func TestEveryKeyIsInTheExampleAndCanBeUncommented(t *testing.T) {
	text := regexp.MustCompile(`(?m)^( *)# ([a-zA-Z]+: )`).ReplaceAllString(example(t), "$1$2")
	if c := parsed(t, text); c.Render.Model != "sonnet" || !cmp.Equal(c.Render.ImagePullSecrets, []string{"registry"}) {
		t.Errorf("the lines behind a # were not read: %+v", c.Render)
	}
	tree, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if v, err := find(tree, k.path); v == nil || err != nil {
			t.Errorf("%s is not in the example", k.path)
		}
	}
}

// everything is a configuration in which no value is the default.
const everything = `
agent:
  image: {repository: registry.example.com/other, tag: sha256:` + sum + `, pullPolicy: Always}
  imagePullSecrets: [registry]
  command: [codex]
  args: [--quiet, "$(HOME)"]
  model: opus
  resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}
  serviceAccountName: agent
  env: [{name: HTTPS_PROXY, value: "http://proxy:3128"}, {name: LOG_LEVEL, value: ""}]
  priorityClassName: batch
  runtimeClassName: gvisor
  nodeSelector: {example.com/pool: agents}
  tolerations: [{key: agents, operator: Exists, effect: NoSchedule}, {key: slow, value: "yes", effect: NoExecute, tolerationSeconds: 60}, {operator: Exists}]
overrides:
  maxResources: {memory: 16Gi}
  priorityClassNames: [low]
  runtimeClassNames: [kata]
  serviceAccountNames: [builder]
  imagePullSecrets: [team]
  nodeSelectorKeys: [example.com/zone]
  tolerationKeys: [spot]
git: {codeBranch: "work/{taskId}", docsBranch: "write/{uid}"}
secrets: {apiKeySecretName: key, apiKeySecretKey: value, envAllowed: [database, "team-*"]}
permissions: {agentToolsOverride: true, allow: [Read], deny: [Bash]}
telemetry: {enabled: true, otlpEndpoint: "http://a:1", otlpProtocol: http, logsEndpoint: "https://b", logsProtocol: grpc,
  tracesEndpoint: "https://c", tracesProtocol: grpc,
  members: {eu-1: {otlpEndpoint: "http://eu:1"}, us-1: {enabled: false}}}
tools: {serverUrl: "http://tools:3000/mcp"}
storage: {storageClassName: fast, workspaceSize: 1Gi, docsWorkspaceSize: 2Gi, homeSize: 3Gi, tmpSize: 4Gi}
deadlines: {docsSeconds: 101, codeSeconds: 102, minSeconds: 100, maxSeconds: 103, provisioningSeconds: 104}
retries: {infraAllowance: 7, keptAttempts: 8}
cleanup: {enabled: false, completedJobDelayMinutes: 1, failedJobDelayMinutes: 2}
timing: {settleSeconds: 1, slackSeconds: 2, graceSeconds: 3, escalateAfterSeconds: 4, maxSkewSeconds: 5, clusterLostGraceSeconds: 6,
  backoffBaseSeconds: 7, backoffMaxSeconds: 8, resyncSeconds: 9}
`

const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestEveryFieldOfTheConfigurationHasAKey(t *testing.T) {
	same(t, "Config", reflect.ValueOf(parsed(t, image)), reflect.ValueOf(parsed(t, everything)))
}

// same reports the fields that no key changed, but those that config.yaml is not meant to set.
func same(t *testing.T, path string, was, is reflect.Value) {
	t.Helper()
	if path == "Config.Render.Templates" || path == "Config.Earlier" {
		return
	}
	if was.Kind() == reflect.Struct && was.Type().PkgPath() != "k8s.io/apimachinery/pkg/api/resource" && was.Type().PkgPath() != "k8s.io/api/core/v1" {
		for i := range was.NumField() {
			same(t, path+"."+was.Type().Field(i).Name, was.Field(i), is.Field(i))
		}
		return
	}
	if cmp.Equal(was.Interface(), is.Interface()) {
		t.Errorf("%s is not set by any key", path)
	}
}

func TestValuesArriveWhereTheyBelong(t *testing.T) {
	c := parsed(t, everything)
	if want := "registry.example.com/other@sha256:" + sum; c.Render.Image != want {
		t.Errorf("want the image %s, got %s", want, c.Render.Image)
	}
	want := lifecycle.Settings{
		Settle: time.Second, Slack: 2 * time.Second, Grace: 3 * time.Second, EscalateAfter: 4 * time.Second, MaxSkew: 5 * time.Second,
		ClusterLostGrace: 6 * time.Second, BackoffBase: 7 * time.Second, BackoffMax: 8 * time.Second, Resync: 9 * time.Second,
		InfraAllowance: 7, MaxAttempts: 8,
	}
	if diff := cmp.Diff(want, c.Lifecycle); diff != "" {
		t.Errorf("lifecycle (-want +got):\n%s", diff)
	}
	if c.Render.Grace != want.Grace || c.Render.MaxSkew != want.MaxSkew {
		t.Errorf("machine and pod must agree on grace and skew, got %v and %v", c.Render.Grace, c.Render.MaxSkew)
	}
	if diff := cmp.Diff([]string{"codex", "--quiet", "$(HOME)"}, c.Render.Command); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	if got := c.Render.Telemetry.OTLPProtocol; got != "http/protobuf" {
		t.Errorf("the original's http is http/protobuf, got %s", got)
	}
}

func TestMistakesAreToldWithWhatToWriteInstead(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"behaviour 33: no image":               {"{}", `agent.image.repository: is not set: write the agent's image, such as registry.example.com/agent`},
		"behaviour 33: the original's marker":  {"agent: {image: {repository: MISSING_IMAGE_CONFIG, tag: x}}", `agent.image.repository: is "MISSING_IMAGE_CONFIG": write an image without its tag`},
		"an empty file":                        {"", `agent.image.tag: is not set`},
		"a tag that YAML takes for a number":   {"agent: {image: {repository: a, tag: 1.0}}", `agent.image.tag: is 1: write it in quotes, or YAML takes it for a number`},
		"a number in quotes":                   {image + `deadlines: {docsSeconds: "60"}`, `deadlines.docsSeconds: is "60": write a whole number of seconds from 1 to 604800, without quotes`},
		"a fraction":                           {image + `deadlines: {docsSeconds: 1.5}`, `deadlines.docsSeconds: is 1.5: write a whole number`},
		"a negative number":                    {image + `cleanup: {failedJobDelayMinutes: -1}`, `cleanup.failedJobDelayMinutes: is -1: write a whole number of minutes from 0`},
		"a duration":                           {image + `timing: {settleSeconds: 15s}`, `timing.settleSeconds: is "15s": write a whole number of seconds`},
		"yes in quotes":                        {image + `cleanup: {enabled: "yes"}`, `cleanup.enabled: is "yes": write true or false, without quotes`},
		"a word that is not offered":           {strings.Replace(image, `"}`, `", pullPolicy: Sometimes}`, 1), `agent.image.pullPolicy: is "Sometimes": write one of [Always IfNotPresent Never]`},
		"a text where a list belongs":          {image + `permissions: {allow: Read}`, `permissions.allow: is "Read": write a list, each item text`},
		"a number in a list":                   {image + `permissions: {allow: [1]}`, `permissions.allow: one item is 1: write it in quotes`},
		"a value where a section belongs":      {image + `storage: 10Gi`, `storage.storageClassName: storage is no section: write its keys below it, indented`},
		"variables in no list":                 {agentWith("env: {A: b}"), `agent.env: is no list: write variables as the original does, such as [{name: LOG_LEVEL, value: info}]`},
		"a variable from elsewhere":            {agentWith("env: [{name: A, valueFrom: {}}]"), `agent.env: item 1 has not name and value alone: write`},
		"a variable with a hyphen":             {agentWith("env: [{name: LOG-LEVEL, value: info}]"), `agent.env: item 1 is "LOG-LEVEL": write the name of a variable`},
		"a variable of Runfleet's":             {agentWith("env: [{name: A, value: b}, {name: RUNFLEET_X, value: y}]"), `agent.env: item 2 is RUNFLEET_X, which Runfleet sets itself: leave it out`},
		"a variable with a key of its own":     {agentWith("env: [{name: MODEL, value: opus}]"), `agent.env: item 1 is MODEL, which Runfleet sets itself: leave it out, and write agent.model`},
		"the API key in the open":              {agentWith("env: [{name: ANTHROPIC_API_KEY, value: x}]"), `leave it out, and write secrets.apiKeySecretName`},
		"a variable that is a number":          {agentWith("env: [{name: RETRIES, value: 3}]"), `agent.env: item 1 is RETRIES with a value that is no text: write it in quotes`},
		"a proxy with a password":              {agentWith(`env: [{name: HTTPS_PROXY, value: "http://me:hush@proxy:3128"}]`), `agent.env: item 1 is HTTPS_PROXY with a password or token, which everybody who may read a Job would read: leave that out of the value`},
		"a variable of two lines":              {agentWith(`env: [{name: A, value: "b\nc"}]`), `agent.env: item 1 is A with more than one line`},
		"a variable twice":                     {agentWith(`env: [{name: A, value: b}, {name: A, value: c}]`), `agent.env: item 2 is A once more: leave one out`},
		"labels of nodes in a list":            {agentWith("nodeSelector: [pool]"), `agent.nodeSelector: is ["pool"]: write labels of nodes, such as {pool: agents}`},
		"a key that no label has":              {agentWith(`nodeSelector: {"my pool": x}`), `agent.nodeSelector: is "my pool": write the key of a label`},
		"a value that is no text":              {agentWith("nodeSelector: {gpu: true}"), `agent.nodeSelector: gpu is true: write its value in quotes`},
		"a value that no label has":            {agentWith("nodeSelector: {pool: a b}"), `agent.nodeSelector: pool is "a b": write the value of a label`},
		"one toleration, no list":              {agentWith("tolerations: {key: a}"), `agent.tolerations: is {"key":"a"}: write a list of tolerations, each such as {key: agents`},
		"a toleration in one word":             {agentWith("tolerations: [agents]"), `agent.tolerations: one item is "agents": write key, operator, value, effect and tolerationSeconds alone`},
		"a toleration with a slip":             {agentWith("tolerations: [{keys: a}]"), `agent.tolerations: one item is {"keys":"a"}: write key, operator`},
		"an operator that is not offered":      {agentWith("tolerations: [{key: a, operator: In}]"), `write operator: Exists or Equal`},
		"a toleration of nothing":              {agentWith("tolerations: [{effect: NoSchedule}]"), `write the key of the taint, or operator: Exists for every taint`},
		"a key that no taint has":              {agentWith("tolerations: [{key: a b}]"), `write the key of a taint`},
		"a value beside Exists":                {agentWith("tolerations: [{key: a, operator: Exists, value: b}]"), `write a value such as yes with operator: Equal, and none with Exists`},
		"an effect that is not offered":        {agentWith("tolerations: [{key: a, effect: Never}]"), `write effect: NoSchedule, PreferNoSchedule or NoExecute`},
		"a time to tolerate without NoExecute": {agentWith("tolerations: [{key: a, tolerationSeconds: 1}]"), `write effect: NoExecute beside tolerationSeconds`},
		"less for runs than pods have":         {image + "overrides: {maxResources: {memory: 1Gi}}", `overrides.maxResources: memory is 1Gi, below the limit of 4Gi that pods have anyway: raise it or lower agent.resources.limits`},
		"a taint where its key belongs":        {image + `overrides: {tolerationKeys: ["spot=yes"]}`, `overrides.tolerationKeys: one item is "spot=yes": write the key of a label or taint, such as pool`},
		"a directory of ten bytes":             {image + `storage: {tmpSize: 10}`, `storage.tmpSize: is 10: write a size of at least 64Mi, such as 5Gi`},
		"a pattern that is more than a star":   {image + `secrets: {envAllowed: ["team-?"]}`, `secrets.envAllowed: one item is "team-?": write the name of a Secret, in which * stands for any characters, such as team-*`},
		"no quantity":                          {image + `storage: {workspaceSize: big}`, `storage.workspaceSize: is "big": write a quantity above zero, such as 500m or 4Gi`},
		"nothing reserved":                     {"agent: {image: {repository: a, tag: b}, resources: {requests: {cpu: 0}}}", `agent.resources.requests: cpu is 0: write a quantity`},
		"more reserved than allowed":           {"agent: {image: {repository: a, tag: b}, resources: {requests: {cpu: 4}}}", `agent.resources.requests: cpu is 4, above its limit of 2: lower it`},
		"bounds the wrong way round":           {image + `deadlines: {minSeconds: 90000}`, `deadlines.minSeconds: is above deadlines.maxSeconds`},
		"a default out of bounds":              {image + `deadlines: {docsSeconds: 90000}`, `deadlines.docsSeconds: 90000 is not between minSeconds and maxSeconds`},
		"back-off the wrong way round":         {image + `timing: {backoffBaseSeconds: 500}`, `timing.backoffBaseSeconds: is above timing.backoffMaxSeconds`},
		"credentials in an address":            {image + `telemetry: {otlpEndpoint: "http://me:pw@host"}`, `telemetry.otlpEndpoint: is "http://me:pw@host": write an address`},
		"telemetry of a member, no section":    {image + `telemetry: {members: {eu-1: off}}`, `telemetry.members: eu-1: is false: write its telemetry, such as {enabled: false}`},
		"telemetry of no member":               {image + `telemetry: {members: [eu-1]}`, `telemetry.members: is ["eu-1"]: write names of members`},
		"a wrong address of a member":          {image + `telemetry: {members: {eu-1: {logsEndpoint: x}}}`, `telemetry.members: eu-1: logsEndpoint: is "x": write an address`},
		"a tool server without a scheme":       {image + `tools: {serverUrl: "tools:3000"}`, `tools.serverUrl: is "tools:3000": write an address such as`},
		"one branch for all tasks":             {image + "git: {codeBranch: work}", `git.codeBranch: would give different tasks one branch: write {taskId} or {uid} into it`},
		"a branch that git refuses":            {image + `git: {docsBranch: "a b/{uid}"}`, `git.docsBranch: makes branches such as "a b/1", and no branch can have " " there`},
		"no command":                           {"agent: {image: {repository: a, tag: b}, command: []}", `agent.command: is empty: write the agent's program`},
		"a list instead of sections":           {"- a", `it must be sections with keys`},
		"a key twice":                          {"job: {}\njob: {}", `key "job" already set in map`},
		"no YAML":                              {"{", `reading it as YAML`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Parse([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with\n  %s\ngot\n  %v", test.want, err)
			}
		})
	}
}

// TestBehaviour39AMembersTelemetryIsThatOfAllButForWhatItSays: half of it is the configuration's; what an attempt makes of it,
// package render tests.
func TestBehaviour39AMembersTelemetryIsThatOfAllButForWhatItSays(t *testing.T) {
	all := render.Telemetry{Enabled: true, OTLPEndpoint: "http://a:1", OTLPProtocol: "http/protobuf", LogsEndpoint: "https://b", LogsProtocol: "grpc", TracesEndpoint: "https://c", TracesProtocol: "grpc"}
	eu, us := all, all
	eu.OTLPEndpoint, us.Enabled = "http://eu:1", false
	c := parsed(t, everything)
	if diff := cmp.Diff(map[string]render.Telemetry{"eu-1": eu, "us-1": us}, c.Render.MemberTelemetry); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(all, c.Render.Telemetry); diff != "" {
		t.Errorf("what a member says must not count for all (-want +got):\n%s", diff)
	}
	other, _, err := Parse([]byte(strings.Replace(everything, "http://eu:1", "http://eu:2", 1)))
	if err != nil || other.TemplateDigest == c.TemplateDigest {
		t.Errorf("another address of one member is another digest, got %v", err)
	}
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	_, _, err := Parse([]byte("storage: 1\nretries: {infraAllowance: x, keptAttempts: y}"))
	if err == nil {
		t.Fatal("want an error")
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != 5 { // storage once, two of retries, repository and tag
		t.Errorf("want 5 mistakes, each on its line, got %d:\n%v", got, err)
	}
}

func TestAnErrorIsBoundedWhateverTheValue(t *testing.T) {
	_, _, err := Parse([]byte(image + "agent2: x\nstorage: {workspaceSize: " + strings.Repeat("é", 5000) + "}"))
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("want a short error, got %v", err)
	}
}

func TestUnknownKeysAreNamedWithWhatWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"agent: {image: {repository: a, tag: b}, imagee: {}}":          "agent.imagee: unknown key, did you mean image?",
		"agent: {image: {repository: a, Tag: x, tag: b}}":              "agent.image.Tag: unknown key, did you mean tag?",
		image + "nonsense: {deep: {er: 1}}":                            "nonsense: unknown key",
		image + "workspaceSize: 1Gi":                                   "workspaceSize: unknown key, did you mean storage.workspaceSize?",
		image + "foo: 1":                                               "foo: unknown key",
		image + "job: {backoffLimit: 3}":                               "job.backoffLimit: has no effect: an attempt is one Job with one pod; retries are spec.retry of the run",
		image + "fluentBit: {enabled: false, image: {tag: x}}":         "fluentBit: has no effect: there is no log sidecar",
		image + "timing: {settleSecond: 1}":                            "timing.settleSecond: unknown key, did you mean settleSeconds?",
		image + "deadlines: {provisioningDeadlineSeconds: 1}":          "deadlines.provisioningDeadlineSeconds: unknown key",
		image + "cleanup: {deleteConfigMap: true}":                     "cleanup.deleteConfigMap: has no effect: ConfigMaps are removed with their Jobs",
		image + "telemetry: {otlpEndpoint: http://a, otlpEndpiont: b}": "telemetry.otlpEndpiont: unknown key, did you mean otlpEndpoint?",
		image + "permissions: {deny: [Bash]}":                          "permissions: allow and deny have no effect: the built-in rules hold until agentToolsOverride is true",
		image + "telemetry: {members: {eu-1: {enable: true}}}":         "telemetry.members.eu-1.enable: unknown key, did you mean enabled?",
	} {
		_, notes, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff([]string{want}, notes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
