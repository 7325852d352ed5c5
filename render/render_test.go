package render

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

func mustRender(t *testing.T, run v1.Run, s Settings) Objects {
	t.Helper()
	o, err := Render(run, run.RunStatus().Attempt, sampleHub, s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func docsRun() *v1.DocsRun { run, _ := sampleRuns()[0].(*v1.DocsRun); return run }
func codeRun() *v1.CodeRun { run, _ := sampleRuns()[1].(*v1.CodeRun); return run }

func bytesOf(t *testing.T, o Objects) string {
	t.Helper()
	text, err := json.Marshal([]any{o.Workspace, o.Inputs, o.Agent})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func container(o Objects) corev1.Container { return o.Agent.Spec.Template.Spec.Containers[0] }

func environment(o Objects) map[string]string {
	env := map[string]string{}
	for _, v := range container(o).Env {
		env[v.Name] = v.Value
	}
	return env
}

func TestBehaviour1OnlyACodeRunHasAWorkspace(t *testing.T) {
	if o := mustRender(t, docsRun(), SampleSettings()); o.Workspace != nil || o.Agent.Spec.Template.Spec.Volumes[1].EmptyDir == nil {
		t.Errorf("a DocsRun must need no volume, got %+v", o.Workspace)
	}
	s := SampleSettings()
	s.Workspace = Workspace{Size: resource.MustParse("20Gi"), StorageClass: new("fast")}
	o := mustRender(t, codeRun(), s)
	w := o.Workspace
	if w.Name != "workspace-auth-api" || w.Namespace != "default" || *w.Spec.StorageClassName != "fast" ||
		!cmp.Equal(w.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}) ||
		w.Spec.Resources.Requests.Storage().String() != "20Gi" {
		t.Errorf("want the configured volume workspace-auth-api, got %+v", w)
	}
	if got := o.Agent.Spec.Template.Spec.Volumes[1].PersistentVolumeClaim.ClaimName; got != w.Name {
		t.Errorf("the pod mounts %s", got)
	}
	for _, key := range []string{v1.LabelRunUID, v1.LabelAttempt, v1.AnnotationHome} {
		if w.Labels[key]+w.Annotations[key] != "" {
			t.Errorf("runs of a service share the volume, so it must not carry %s of one", key)
		}
	}
}

func TestBehaviour10KeysOfTheConfigMapAreValid(t *testing.T) {
	for _, run := range sampleRuns() {
		o := mustRender(t, run, SampleSettings())
		for _, m := range o.Inputs {
			for key := range m.Data {
				if errs := validation.IsConfigMapKey(key); len(errs) > 0 {
					t.Errorf("%s: %v", key, errs)
				}
			}
			if !*m.Immutable {
				t.Error("nobody may change the files under a starting pod")
			}
		}
		for _, name := range []string{"CLAUDE.md", "container.sh", "prompt.md", "settings.json"} {
			if o.Files()[name] == "" {
				t.Errorf("%T has no %s", run, name)
			}
		}
	}
}

func TestATemplateWithAnImpossibleNameOrContentIsRefused(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"shared/a b.md.hbs: its name must consist of letters":     {"shared/a b.md.hbs": {}},
		"shared/notes.txt: a template is a file NAME.hbs":         {"shared/notes.txt": {}},
		"docs/a/b.md.hbs: its name must consist of letters":       {"docs/a/b.md.hbs": {}},
		"docs/hooks/a/b.sh.hbs: its name must consist of":         {"docs/hooks/a/b.sh.hbs": {}},
		"docs/hooks/a.py.hbs: a hook is a shell script":           {"docs/hooks/a.py.hbs": {}},
		"docs/hooks-a.sh.hbs: a name that begins with \"hooks-\"": {"docs/hooks-a.sh.hbs": {}},
		"play/a.md.hbs: its directory is \"play\"":                {"play/a.md.hbs": {}},
		"docs/prompt.md.hbs:1: unknown name nope":                 {"docs/prompt.md.hbs": {Data: []byte("{{nope}}")}},
		"code/container.sh.hbs:1: a value in a script is":         {"code/container.sh.hbs": {Data: []byte("{{name}}")}},
		"shared/settings.json.hbs:1: a value in JSON must be":     {"shared/settings.json.hbs": {Data: []byte("{{name}}")}},
	} {
		sources, err := embedded(files)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readTemplates(sources, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with\n  %s\ngot\n  %v", want, err)
		}
	}
}

func TestBehaviour18DeadlinesLieInsideOneAnother(t *testing.T) {
	for deadline, want := range map[int64]limits{
		14400: {job: 14400, pod: 14370, agent: 14280, killAfter: 45},
		7200:  {job: 7200, pod: 7170, agent: 7080, killAfter: 45},
		960:   {job: 960, pod: 930, agent: 840, killAfter: 45},
		600:   {job: 600, pod: 582, agent: 525, killAfter: 37},
		60:    {job: 60, pod: 59, agent: 53, killAfter: 3},
		2:     {job: 2, pod: 1, agent: 1, killAfter: 1},
		1:     {job: 1, pod: 1, agent: 1, killAfter: 1},
	} {
		if got := limitsOf(deadline, time.Minute); got != want {
			t.Errorf("%d s: want %+v, got %+v", deadline, want, got)
		}
	}
	for deadline := int64(3); deadline <= 86400; deadline++ {
		l := limitsOf(deadline, time.Minute)
		if l.agent > l.pod || l.pod >= l.job || deadline >= 60 && l.agent+l.killAfter >= l.pod {
			t.Fatalf("%d s: the gentler limit must fire first: %+v", deadline, l)
		}
	}
	o := mustRender(t, codeRun(), SampleSettings())
	if *o.Agent.Spec.ActiveDeadlineSeconds != 7200 || *o.Agent.Spec.Template.Spec.ActiveDeadlineSeconds != 7170 {
		t.Errorf("Job and pod must carry their limits, got %+v", o.Agent.Spec)
	}
	env := environment(o)
	committed := codeRun().Status.Attempts[1].CreatedAt.Unix()
	if env["RUNFLEET_TIMEOUT"] != "7080" || env["RUNFLEET_NOT_AFTER"] != fmt.Sprint(committed+7080) || env["RUNFLEET_START_BEFORE"] != fmt.Sprint(committed+600) {
		t.Errorf("the start script must get its limits, got %v", env)
	}
}

func TestTheAPIKeyIsOnlyEverNamed(t *testing.T) {
	for _, v := range container(mustRender(t, docsRun(), SampleSettings())).Env {
		if v.Name != "ANTHROPIC_API_KEY" {
			continue
		}
		if v.Value != "" || v.ValueFrom.SecretKeyRef.Name != "anthropic-api-key" || v.ValueFrom.SecretKeyRef.Key != "api-key" {
			t.Errorf("want a reference, got %+v", v)
		}
		return
	}
	t.Error("the agent gets no key")
}

func TestOwnVariablesWinAndNoNameStandsTwice(t *testing.T) {
	run := codeRun()
	run.Spec.Env = map[string]v1.EnvValue{
		"TASK_ID": "8", "HOME": "/root", "ANTHROPIC_API_KEY": "mine", "RUNFLEET_TERMINATION_LOG": "/tmp/x", "BOTH": "plain", "B": "$(ANTHROPIC_API_KEY)", "A": "1",
	}
	run.Spec.EnvFromSecrets = []v1.SecretEnvVar{
		{Name: "BOTH", SecretName: "s", SecretKey: "k"}, {Name: "MODEL", SecretName: "s", SecretKey: "k"}, {Name: "RUNFLEET_OUTCOME", SecretName: "s", SecretKey: "k"},
	}
	o := mustRender(t, run, SampleSettings())
	var names []string
	for _, v := range container(o).Env {
		names = append(names, v.Name)
	}
	if got := names[len(names)-3:]; !slices.Equal(got, []string{"A", "B", "BOTH"}) {
		t.Errorf("want the run's own variables sorted and at the end, got %v", got)
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) || slices.Contains(names, "RUNFLEET_TERMINATION_LOG") {
		t.Errorf("a name stands twice or is not the run's to set: %v", names)
	}
	env := environment(o)
	if env["TASK_ID"] != "7" || env["HOME"] != homeDirectory || env["MODEL"] != "opus" || env["ANTHROPIC_API_KEY"] != "" || env["BOTH"] != "" {
		t.Errorf("ours must win, then those from Secrets: %v", env)
	}
	if env["B"] != "$$(ANTHROPIC_API_KEY)" { // the kubelet makes $( of $$(
		t.Errorf("a value must arrive as it is, got %q", env["B"])
	}
}

func TestConfiguredVariablesReachEveryAgentAndNoRunChangesThem(t *testing.T) {
	settings := SampleSettings()
	settings.Env = map[string]string{"GITHUB_API_URL": "https://github.example.com/api/v3", "COST": "5$(HOME)"}
	code := codeRun()
	code.Spec.Env = map[string]v1.EnvValue{"GITHUB_API_URL": "https://elsewhere.example.com", "COST": "1", "OTHER": "2"}
	for _, run := range []v1.Run{docsRun(), code} {
		o := mustRender(t, run, settings)
		var names []string
		for _, v := range container(o).Env {
			names = append(names, v.Name)
		}
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%T: a name stands twice: %v", run, names)
		}
		if env := environment(o); env["GITHUB_API_URL"] != "https://github.example.com/api/v3" || env["COST"] != "5$$(HOME)" {
			t.Errorf("%T: the configuration must win, got %v", run, env)
		}
	}
}

func TestReservedVariablesAreThoseThatRunfleetSets(t *testing.T) {
	settings := SampleSettings()
	for _, run := range sampleRuns() {
		for _, v := range container(mustRender(t, run, settings)).Env {
			if own := v.Name != "LOG_LEVEL" && v.Name != resourceAttributes; Reserved(v.Name) != own { // the sample's own, and shared
				t.Errorf("%T: %s is reserved: %v", run, v.Name, Reserved(v.Name))
			}
		}
	}
}

func TestRenderingIsDeterministicAndReadsOnlyWhatIsFrozen(t *testing.T) {
	for i, run := range sampleRuns() {
		want := bytesOf(t, mustRender(t, run, SampleSettings()))
		for range 20 {
			if got := bytesOf(t, mustRender(t, sampleRuns()[i], SampleSettings())); got != want {
				t.Fatalf("%T came out differently (-want +got):\n%s", run, cmp.Diff(want, got))
			}
		}
		later := metav1.NowMicro()
		status := run.RunStatus()
		*status = v1.RunStatus{
			Phase: v1.PhaseRunning, Attempt: 2, Attempts: status.Attempts, SessionID: "s", Transitions: 9, Incarnation: 2, RetryCount: 1,
			TraceParent: status.TraceParent, // frozen too: never written while an attempt is out
		}
		status.Attempts = append(status.Attempts, v1.Attempt{Number: 3, ContextVersion: 1, Class: v1.ClassAgentError, Message: "later"})
		e := &status.Attempts[1]
		e.JobUID, e.StartSeenAt, e.FencedUntil, e.StopRequestedAt, e.EndedAt, e.EndedBy = "u", &later, &later, &later, &later, v1.EndJobFinished
		e.Class, e.Message, e.ExitCode, e.OutcomeRecorded, e.Cluster = v1.ClassAgentError, "failed", new(int32(1)), new(true), "eu-1"
		status.Attempts[0].ExitCode = new(int32(1)) // what a late outcome may still add to an earlier attempt
		*run.RunSpec() = func(s v1.RunSpec) v1.RunSpec {
			s.Suspend, s.Cancel, s.RetentionSeconds, s.TTLSecondsAfterFinished = true, true, new(int32(1)), new(int32(1))
			s.Placement = &v1.Placement{Cluster: "eu-1"}
			return s
		}(*run.RunSpec())
		run.SetResourceVersion("99")
		run.SetLabels(map[string]string{"a": "b"})
		if got := bytesOf(t, mustRender(t, run, SampleSettings())); got != want {
			t.Errorf("%T: what happened after the commit changed the bytes (-want +got):\n%s", run, cmp.Diff(want, got))
		}
	}
}

func TestALostAttemptIsNotToldBecauseItsOutcomeMayStillCome(t *testing.T) {
	run := docsRun()
	run.Status.Attempts[0].Class = v1.ClassClusterLost
	want := bytesOf(t, mustRender(t, run, SampleSettings()))
	run.Status.Attempts[0].Message = "seen finished after its end was recorded: success"
	if got := bytesOf(t, mustRender(t, run, SampleSettings())); got != want {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
	}
}

func TestTheSpecHashTellsWhatIsExecutedAndNothingElse(t *testing.T) {
	hash := func(run v1.Run, s Settings) string {
		return mustRender(t, run, s).Agent.Annotations[v1.AnnotationSpecHash]
	}
	want := hash(docsRun(), SampleSettings())
	other := docsRun()
	other.Spec.PromptModification = "Something else."
	image := SampleSettings()
	image.Image += "-2"
	if hash(other, SampleSettings()) == want || hash(docsRun(), image) == want {
		t.Error("another file or another image is another Job")
	}
	o := mustRender(t, docsRun(), SampleSettings())
	if !*o.Agent.Spec.Suspend {
		t.Error("a Job is created suspended (rule S)")
	}
	o.Agent.Spec.Suspend = nil
	var files []file
	for path, text := range o.Files() {
		files = append(files, file{path: path, text: text})
	}
	if got := specHash(o.Agent.Spec, []part{{files: files}}); got != want {
		t.Errorf("resuming must not change the hash, got %s", got)
	}
}

func TestTheDigestFollowsEverySetting(t *testing.T) {
	full := func() Settings {
		s := SampleSettings()
		s.PriorityClass, s.RuntimeClass, s.NodeSelector, s.Tolerations = "c", "d", map[string]string{"e": "f"}, []corev1.Toleration{{Key: "g"}}
		s.Overrides.PriorityClasses = []string{"h"}
		s.ImagePullSecrets, s.ServiceAccount, s.Permissions.Override, s.Telemetry.Enabled = []string{"a"}, "b", true, true
		s.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
		s.Workspace.StorageClass, s.Branches, s.Env = new("fast"), Branches{Code: "x/{taskId}"}, map[string]string{"A": "b"}
		s.MemberTelemetry = map[string]Telemetry{"eu-1": {}}
		s.Templates = mustRead(t, map[string]string{"docs_extra.md.hbs": "x"})
		return s
	}
	want := Digest(full())
	if Digest(full()) != want {
		t.Error("equal settings must have one digest")
	}
	for i := range reflect.TypeFor[Settings]().NumField() {
		changed := full()
		field := reflect.ValueOf(&changed).Elem().Field(i)
		field.Set(reflect.Zero(field.Type()))
		if Digest(changed) == want {
			t.Errorf("the digest does not see %s", reflect.TypeFor[Settings]().Field(i).Name)
		}
	}
}

func TestBehaviour33AndOthersWhatCannotBeRenderedIsAnErrorThatSaysWhat(t *testing.T) {
	for want, change := range map[string]func(*v1.CodeRun, *Settings){
		"no image is configured for the agent: set agent.image.repository": func(_ *v1.CodeRun, s *Settings) { s.Image = "" },
		"no command is configured":                        func(_ *v1.CodeRun, s *Settings) { s.Command = nil },
		"its status has no such attempt":                  func(r *v1.CodeRun, _ *Settings) { r.Status.Attempts = r.Status.Attempts[:1] },
		"the run has no UID":                              func(r *v1.CodeRun, _ *Settings) { r.UID = "" },
		"the attempt has no deadline":                     func(r *v1.CodeRun, _ *Settings) { r.Status.Attempts[1].DeadlineSeconds = 0 },
		"the attempt does not say when it was committed":  func(r *v1.CodeRun, _ *Settings) { r.Status.Attempts[1].StartBefore = nil },
		"the attempt has no names":                        func(r *v1.CodeRun, _ *Settings) { r.Status.Attempts[1].JobName = "" },
		"spec.taskId is not set":                          func(r *v1.CodeRun, _ *Settings) { r.Spec.TaskID = nil },
		"the file prompt.md has 100":                      func(r *v1.CodeRun, _ *Settings) { r.Spec.PromptModification = v1.Prompt(strings.Repeat("x", 1e6)) },
		"rendering attempt 2 of CodeRun/default/sample: ": func(_ *v1.CodeRun, s *Settings) { s.Image = "" },
	} {
		run, s := codeRun(), SampleSettings()
		change(run, &s)
		if _, err := Render(run, 2, sampleHub, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if err := Check(Settings{}); err == nil || strings.Count(err.Error(), "no image") != 2 {
		t.Errorf("want both kinds to be refused at start, got %v", err)
	}
	if err := Check(SampleSettings()); err != nil {
		t.Error(err)
	}
}
