package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Settings is the part of the operator's configuration that shapes an attempt's objects. Only Image and Command must be
// set: an empty field leaves out what it is about, or leaves it to the member.
type Settings struct {
	Image            string // with its tag or digest
	ImagePullPolicy  corev1.PullPolicy
	ImagePullSecrets []string
	ServiceAccount   string
	Resources        corev1.ResourceRequirements
	PriorityClass    string
	RuntimeClass     string
	NodeSelector     map[string]string
	Tolerations      []corev1.Toleration
	Overrides        Overrides // of all these, by a run's spec.pod

	Templates *Templates `json:"-"` // nil: the built-in ones

	Env     map[string]string // of every agent; none of the names is [Reserved]
	Command []string          // the agent's program and its arguments; the prompt comes on its standard input
	Model   string            // for runs that name none; "" leaves the choice to the agent

	APIKey      SecretKey
	EnvAllowed  []string // Secrets that spec.envFromSecrets may name: names, in which * stands for any characters
	Branches    Branches
	Permissions Permissions
	Telemetry   Telemetry
	Workspace   Workspace
	Scratch     Scratch

	MemberTelemetry map[string]Telemetry // instead of Telemetry, by the name of the member
	ToolServerURL   string               // of remote tools; "": there is none

	MaxSkew time.Duration // by how much a member's clock may differ from the hub's (rule F)
	Grace   time.Duration // terminationGracePeriodSeconds of the pod
}

// SecretKey names one key of a Secret on the member, in the run's namespace.
type SecretKey struct{ Name, Key string }

// Permissions are rules of the agent about its tools, in the agent's own terms.
type Permissions struct {
	Override bool // Allow and Deny are meant; else the built-in rules hold, which allow every usual tool
	Allow    []string
	Deny     []string
}

// Telemetry is where the agent sends its own metrics, logs and spans.
type Telemetry struct {
	Enabled        bool
	OTLPEndpoint   string // of metrics
	OTLPProtocol   string // grpc, http/protobuf or http/json
	LogsEndpoint   string
	LogsProtocol   string
	TracesEndpoint string // "": no spans
	TracesProtocol string
}

// Workspace describes the volume of a service.
type Workspace struct {
	Size         resource.Quantity // zero: 10Gi
	StorageClass *string           // nil: the member's default
}

// Scratch are the sizes of the directories that live as long as a pod. Zero is without a limit.
type Scratch struct {
	Workspace resource.Quantity // of a DocsRun, which has no volume
	Home      resource.Quantity
	Tmp       resource.Quantity
}

// Digest identifies the set of templates and everything else in the settings that shapes an attempt. It is frozen with
// each attempt: equal digests mean equal bytes for equal runs.
func Digest(s Settings) string {
	text, err := json.Marshal(s) //nolint:musttag // the names are only hashed
	if err != nil {              // Settings hold nothing that JSON cannot
		text = []byte(err.Error())
	}
	set, err := s.Templates.orBuiltIn()
	if err != nil { // Check reports it; nothing can be rendered anyway
		return digest([]byte(program()), text, []byte(err.Error()))
	}
	return digest([]byte(program()), text, []byte(set.digest))
}

// program identifies this program's own part, templates and code: what the samples come out as.
var program = sync.OnceValue(func() string {
	var parts [][]byte
	for _, run := range sampleRuns() {
		objects, err := Render(run, run.RunStatus().Attempt, sampleHub, SampleSettings())
		text, _ := json.Marshal([]any{objects.Workspace, objects.Inputs, objects.Agent})
		if err != nil { // Check reports it; nothing can be rendered anyway
			text = []byte(err.Error())
		}
		parts = append(parts, text)
	}
	return digest(parts...)
})

func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256(p) // so that two parts never read as two others
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SampleSettings are settings that render, for tests and for [Check].
func SampleSettings() Settings {
	return Settings{
		Image:           "registry.example.com/agent:1.0.0",
		ImagePullPolicy: corev1.PullIfNotPresent,
		Command:         []string{"claude", "-p", "--output-format", "stream-json", "--verbose"},
		Model:           "sonnet",
		APIKey:          SecretKey{Name: "anthropic-api-key", Key: "api-key"},
		EnvAllowed:      []string{"*"},
		Telemetry: Telemetry{
			Enabled:      true,
			OTLPEndpoint: "http://collector.telemetry:4317", OTLPProtocol: "grpc",
			LogsEndpoint: "http://collector.telemetry:4318", LogsProtocol: "http/protobuf",
			TracesEndpoint: "http://collector.telemetry:4317", TracesProtocol: "grpc",
		},
		ToolServerURL: "http://toolman.mcp:3000/mcp",
		Scratch: Scratch{
			Workspace: resource.MustParse("10Gi"), Home: resource.MustParse("5Gi"), Tmp: resource.MustParse("5Gi"),
		},
		MaxSkew: 10 * time.Minute,
		Grace:   time.Minute,
	}
}
