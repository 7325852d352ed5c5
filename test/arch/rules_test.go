package arch

// Places are written as Go writes packages: "fsm" is one directory, "fsm/..." a tree, "fsm/machine.go" one file, and
// "..." everything. An import path covers what is below it, unless it ends in "$".

// importRule says what the files of some places may import directly.
type importRule struct {
	in     []string // where the rule holds
	except []string // where it does not
	bans   []string // never
	only   []string // nothing else, if set; "std" is the whole standard library
	tests  bool     // whether it holds for test files too
	why    string
}

const (
	module        = "github.com/runfleet/runfleet"
	apimachinery  = "k8s.io/apimachinery"
	kubernetesAPI = "k8s.io/api"
	stateless     = "github.com/qmuntal/stateless"
	raymond       = "github.com/aymerick/raymond"
	shellSyntax   = "mvdan.cc/sh/v3/syntax"
	graphviz      = "github.com/goccy/go-graphviz"
	multicluster  = "sigs.k8s.io/multicluster-runtime"
	cobra         = "github.com/spf13/cobra"

	lifecycletest = "fsm/lifecycle/lifecycletest/..."
)

// outside is what ties code to a running world; pure code may not even reach it through others.
var outside = []string{
	"k8s.io/client-go", "sigs.k8s.io/controller-runtime", multicluster, "go.opentelemetry.io/otel", cobra, graphviz,
}

var importRules = []importRule{
	{
		in: []string{"fsm"}, only: []string{"std", stateless},
		why: "the engine is a library for other operators too: it must cost its users nothing",
	},
	{
		in: []string{"..."}, except: []string{"fsm/machine.go"}, bans: []string{stateless}, tests: true,
		why: "one file knows which library fires the table, so that it can be replaced in an afternoon",
	},
	{
		in: []string{"fsm/lifecycle/..."}, except: []string{lifecycletest, "fsm/lifecycle/story/...", "fsm/lifecycle/explain/..."},
		only: []string{"std", module + "/fsm$", module + "/api/v1$", apimachinery + "/pkg/apis/meta/v1$", apimachinery + "/pkg/types$", apimachinery + "/pkg/api/equality$"},
		why:  "the machine of a run is pure: whatever else it could reach would have to be simulated to prove it",
	},
	{
		in:   []string{"fsm/lifecycle/story/..."},
		only: []string{"std", module + "/fsm$", module + "/fsm/lifecycle$", module + "/fsm/lifecycle/story$", module + "/api/v1$", apimachinery + "/pkg/types$"},
		why:  "a run's story is told from values alone: whoever exports or draws it brings what that takes",
	},
	{
		in:   []string{"fsm/lifecycle/explain/..."},
		only: []string{"std", module + "/fsm$", module + "/fsm/lifecycle$", module + "/api/v1$", apimachinery + "/pkg/apis/meta/v1$"},
		why:  "an explanation says what the operator would do with the same values: what it looked up itself it could get wrong",
	},
	{
		in: []string{"fsm/...", "render/...", "api/..."}, except: []string{lifecycletest},
		bans: []string{"os", "os/exec", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog"},
		why:  "the same input gives the same output: the world, chance and logs belong to the shell",
	},
	{
		in: []string{"..."}, except: []string{"test/..."}, bans: []string{module + "/fsm/lifecycle/lifecycletest"},
		why: "a world for tests, with seeded chance: it proves the product and is no part of it",
	},
	{
		in: []string{"api/..."}, only: []string{"std", module + "/api", apimachinery},
		why: "everybody imports the types, so they must not choose anybody's client library",
	},
	{
		in:   []string{"render/..."},
		only: []string{"std", module + "/api/v1$", module + "/fsm/lifecycle/story$", module + "/render/engine$", module + "/templates$", raymond, shellSyntax, kubernetesAPI, apimachinery, "sigs.k8s.io/yaml"},
		why:  "rendering works offline and gives the same bytes everywhere",
	},
	{
		in: []string{"..."}, except: []string{"render/engine/read.go", "render/engine/grammar.go"}, bans: []string{raymond}, tests: true,
		why: "raymond is archived upstream; two files know it, and only its lexer and parser, so that it can be replaced",
	},
	{
		in: []string{"templates/..."}, only: []string{"embed", "io/fs"},
		why: "templates are data; what fills them is render's",
	},
	{
		in:     []string{"..."},
		except: []string{"reconcilers", "reconcilers/fleet/...", "test/integration/...", "test/e2e/..."},
		bans:   []string{multicluster}, tests: true,
		why: "its defaults are traps (a lost cluster is swallowed, keys are doubled); only the shell handles them",
	},
	{
		in: []string{"..."}, except: []string{"cmd/..."}, bans: []string{graphviz},
		why: "drawing is the command's: the machine exports DOT as text and stays free of a renderer",
	},
	{
		in: []string{"..."}, except: []string{"cmd/...", "test/controlplane/fleetbox/..."}, bans: []string{cobra},
		why: "a library does not know that a command line exists",
	},
	{
		in:   []string{"api/...", "fsm/...", "render/...", "templates/...", "reconcilers/..."},
		bans: []string{module + "/cmd", module + "/test"},
		why:  "the product never needs the command or the test bed to work",
	},
	{
		in:   []string{"test/controlplane/..."},
		bans: []string{module + "/fsm", module + "/reconcilers", module + "/render", module + "/cmd"},
		why:  "the test bed is for other operators too, and a test bed that knows the product can hide its bugs",
	},
	{
		in:   []string{"..."},
		bans: []string{"io/ioutil", "github.com/pkg/errors", "github.com/stretchr/testify"}, tests: true,
		why: "the standard library and go-cmp do it",
	},
}

// graphRule says what the packages of a place may reach through whatever they import.
type graphRule struct {
	in   string
	bans []string
	only []string
	why  string
}

var graphRules = []graphRule{
	{in: "fsm", only: []string{"std", module + "/fsm$", stateless}, why: "standard library and stateless only, to the last leaf"},
	{in: "fsm/lifecycle", bans: outside, why: "a decision that can reach a client could be made by looking"},
	{in: "fsm/lifecycle/story/...", bans: outside, why: "identifiers and spans do not depend on who exports them"},
	{in: "fsm/lifecycle/explain", bans: outside, why: "what is explained is what was handed in"},
	{in: "api/...", bans: outside, why: "who imports the types gets no client library with them"},
	{in: "render/...", bans: outside, why: "rendering works offline"},
}

// callRule says which functions a place may not call, though it may import their package, or which methods.
type callRule struct {
	in     []string
	except []string
	pkg    string // of the functions; "" for methods, of whatever they are
	calls  []string
	why    string
}

var callRules = []callRule{
	{
		in: []string{"fsm/...", "render/...", "api/..."}, pkg: "time",
		calls: []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		why:   "time is a fact (A7): a pass that reads the clock twice can decide twice",
	},
	{
		in: []string{"reconcilers/...", "cmd/..."}, except: []string{"reconcilers/event"},
		calls: []string{"Eventf", "GetEventRecorder", "GetEventRecorderFor"},
		why:   "what is said by package event is documented: an Event with a reason of its own would be explained nowhere",
	},
}

// planned are the places of docs/architecture.md that come with a later step; a rule may already speak of them.
var planned = []string{"reconcilers", "reconcilers/fleet", "test/integration", "test/e2e"}
