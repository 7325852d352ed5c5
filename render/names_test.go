package render

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// TestBehaviours3To5NamesOfAMillionRunsAreValidAndDifferent makes names as users make them, only worse: up to 253
// characters, with dots, thousands that begin alike for longer than a name can be, pairs that differ by a dot or hyphen
// only. Every run has its own UID, as the API server gives it, and up to three attempts.
//
// Of a long name 44 characters stay, and the eight digits of the UID keep it apart: of a thousand runs that begin alike on
// one member, the chance that any two collide is one in 8,000, and then the second is refused as NameTaken, because its
// Job has another run's UID.
func TestBehaviours3To5NamesOfAMillionRunsAreValidAndDifferent(t *testing.T) {
	t.Run("F23: a million names", theNamesOfAMillionRuns)
}

func theNamesOfAMillionRuns(t *testing.T) {
	const want = 1_000_000
	random := rand.New(rand.NewPCG(3, 5))
	seen := make(map[string]struct{}, want)
	for len(seen) < want {
		prefix := randomName(random, 1+random.IntN(180))
		for range 250 {
			name := prefix + "." + randomName(random, 1+random.IntN(252-len(prefix)))
			for _, name := range []string{name, strings.ReplaceAll(name, ".", "-")} {
				uid := randomUID(random)
				for n := range int32(1 + random.IntN(3)) {
					checkName(t, seen, name, uid, n+1)
				}
			}
		}
	}
}

func checkName(t *testing.T, seen map[string]struct{}, run string, uid types.UID, n int32) {
	t.Helper()
	name := v1.AttemptName(run, uid, n)
	if _, taken := seen[name]; taken {
		t.Fatalf("%s, attempt %d of the run %q with UID %s, is the name of another attempt too", name, n, run, uid)
	}
	seen[name] = struct{}{}
	if !isLabel(name) {
		t.Fatalf("%s, attempt %d of the run %q, is no DNS label: %v", name, n, run, validation.IsDNS1123Label(name))
	}
}

// isLabel is validation.IsDNS1123Label without its regular expression, which would take most of the time.
func isLabel(s string) bool {
	ok := len(s) > 0 && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-'
	for i := range len(s) {
		c := s[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	return ok
}

func TestTheQuickCheckOfLabelsIsTheAPIServers(t *testing.T) {
	for _, s := range []string{"", "a", "-a", "a-", "a.b", "a_b", "A", "a-b", "0", strings.Repeat("a", 63), strings.Repeat("a", 64), "é"} {
		if got, want := isLabel(s), len(validation.IsDNS1123Label(s)) == 0; got != want {
			t.Errorf("%q: want %v, got %v", s, want, got)
		}
	}
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

// randomName is a valid name of an object: words of letters and digits, joined by dots and hyphens.
func randomName(random *rand.Rand, length int) string {
	b := make([]byte, length)
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
		if i > 0 && i < length-1 && b[i-1] != '.' && b[i-1] != '-' && random.IntN(6) == 0 {
			b[i] = ".-"[random.IntN(2)]
		}
	}
	return string(b)
}

func randomUID(random *rand.Rand) types.UID {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], random.Uint64())
	binary.LittleEndian.PutUint64(b[8:], random.Uint64())
	h := hex.EncodeToString(b[:])
	return types.UID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

func TestBehaviour4LabelValuesAreValidAndStayApart(t *testing.T) {
	values := []string{
		"", "octo-cat", "octo-cat[bot]", "octo-cat-bot", "octo_cat", "octo-cat.", "-octo-cat", "auth-api", "[bot]", "[bat]", "é", "...",
		strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a", 62) + "[", strings.Repeat("-", 64),
	}
	from := map[string]string{}
	for _, s := range values {
		value := labelValue(s)
		if errs := validation.IsValidLabelValue(value); len(errs) > 0 {
			t.Errorf("%q becomes %q: %v", s, value, errs)
		}
		if other, taken := from[value]; taken {
			t.Errorf("%q and %q both become %q", s, other, value)
		}
		from[value] = s
	}
	for _, s := range []string{"", "octo-cat", "octo_cat", strings.Repeat("a", 63)} {
		if got := labelValue(s); got != s {
			t.Errorf("%q is valid and must stay, got %q", s, got)
		}
	}
}

func TestBranchesAreNamedWhereTheyAreShared(t *testing.T) {
	docs := func(target, source v1.BranchName) v1.Run {
		return &v1.DocsRun{Spec: v1.DocsRunSpec{TargetBranch: target, SourceBranch: source}}
	}
	for name, test := range map[string]struct {
		run  v1.Run
		want string
	}{
		"docs with a branch of its own":   {docs("", "main"), ""},
		"docs with a named branch":        {docs("docs", "main"), "docs"},
		"docs that would push the source": {docs("main", "main"), ""},
		"code":                            {&v1.CodeRun{Spec: v1.CodeRunSpec{TaskID: new(int64(7))}}, "feature/task-7-implementation"},
		"code with the largest task":      {&v1.CodeRun{Spec: v1.CodeRunSpec{TaskID: new(int64(4294967295))}}, "feature/task-4294967295-implementation"},
		"code that nobody admitted":       {&v1.CodeRun{}, ""},
	} {
		if got := Branch(test.run, Branches{}); got != test.want {
			t.Errorf("%s: want %q, got %q", name, test.want, got)
		}
	}
}

func TestOneRepositoryHasOneSpelling(t *testing.T) {
	for want, spellings := range map[string][]string{
		"github.com/example/shop": {
			"https://github.com/example/shop", "https://github.com/example/shop.git", "https://github.com/example/shop/",
			"https://GitHub.com/Example/Shop.git/", "https://www.github.com/example/shop", "https://github.com:443/example/shop",
			"https://me:secret@github.com/example/shop", "ssh://git@github.com/example/shop.git", "ssh://git@ssh.github.com:443/example/shop",
			"git@github.com:example/shop.git", "git@github.com:/example/shop", "example/shop", "Example/shop", "https://github.com/example/%73hop",
		},
		"git.example.com/Team/shop": {
			"https://git.example.com/Team/shop.git", "ssh://git@git.example.com:2222/Team/shop", "git@GIT.example.com:Team/shop.git",
		},
		"git.example.com/team/shop": {"https://git.example.com/team/shop"}, // another server's paths may mind the case
		"[::1]/a/b":                 {"https://[::1]:8443/a/b.git", "git@[::1]:a/b", "ssh://git@[::1]/a/b"},
		"github.com/example/git":    {"example/git", "https://github.com/example/git"},
	} {
		for _, s := range spellings {
			run := &v1.CodeRun{Spec: v1.CodeRunSpec{RepositoryURL: v1.RepositoryURL(s)}}
			if got := Repository(run); got != want {
				t.Errorf("%s: want %s, got %s", s, want, got)
			}
			docs := &v1.DocsRun{Spec: v1.DocsRunSpec{RepositoryURL: v1.RepositoryURL(s)}}
			if got := Repository(docs); got != want {
				t.Errorf("%s of a DocsRun: want %s, got %s", s, want, got)
			}
		}
	}
}

// labelErrors are the labels of an attempt's objects that the API server would refuse.
func labelErrors(o Objects) []string {
	var errs []string
	for _, labels := range []map[string]string{o.Inputs[0].Labels, o.Agent.Labels, o.Agent.Spec.Template.Labels, o.Workspace.Labels} {
		for k, v := range labels {
			errs = append(errs, validation.IsQualifiedName(k)...)
			errs = append(errs, validation.IsValidLabelValue(v)...)
		}
	}
	return errs
}
