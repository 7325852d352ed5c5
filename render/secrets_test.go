package render

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
)

const (
	overHTTPS = v1.RepositoryURL("https://github.com/example/shop")
	overSSH   = v1.RepositoryURL("git@github.com:example/shop.git")
)

// TestBehaviour30SecretsAreThoseOfTheUserOrTheApp says which Secrets an attempt needs, and that its pod asks for these and no others.
func TestBehaviour30SecretsAreThoseOfTheUserOrTheApp(t *testing.T) {
	key := Secret{Names: []string{"anthropic-api-key"}, Keys: []string{"api-key"}, Flags: "--api-key-file FILE"}
	ssh := Secret{Names: []string{"github-ssh-octo-cat"}, Keys: []string{"ssh-privatekey"}, Flags: "--user octo-cat --ssh-key FILE"}
	token := Secret{Names: []string{"github-token-octo-cat", "github-pat-octo-cat"}, Keys: []string{"token"}, Flags: "--user octo-cat --token-file FILE"}
	app := Secret{
		Names: []string{"github-app-shop-agents"}, Keys: []string{"app-id", "private-key"},
		Flags: "--app shop-agents --app-id ID --private-key FILE",
	}
	for name, c := range map[string]struct {
		url, docs v1.RepositoryURL
		user, app v1.GitHubName
		want      []Secret
	}{
		"behaviour 30: an https address has the token":           {overHTTPS, "", "Octo_Cat", "", []Secret{key, token}},
		"behaviour 30: org/repo is fetched over https":           {"example/shop", "", "Octo_Cat", "", []Secret{key, token}},
		"behaviour 30: an ssh address has the key":               {overSSH, "", "Octo_Cat", "", []Secret{key, ssh}},
		"behaviour 30: a URL with the scheme ssh, too":           {"ssh://git@github.com/example/shop", "", "Octo_Cat", "", []Secret{key, ssh}},
		"behaviour 30: two ways to two repositories have both":   {overSSH, overHTTPS, "Octo_Cat", "", []Secret{key, ssh, token}},
		"behaviour 30: documents over ssh have the key":          {overHTTPS, overSSH, "Octo_Cat", "", []Secret{key, ssh, token}},
		"behaviour 30: an App has its own, whatever the address": {overSSH, "", "", "Shop-Agents[bot]", []Secret{key, app}},
		"behaviour 30: an App wins over a user":                  {overHTTPS, "", "Octo_Cat", "Shop-Agents[bot]", []Secret{key, app}},
	} {
		t.Run(name, func(t *testing.T) {
			code := codeRun()
			code.Spec.RepositoryURL, code.Spec.DocsRepositoryURL, code.Spec.GitHubUser, code.Spec.GitHubApp = c.url, c.docs, c.user, c.app
			needs(t, code, c.want)
			if c.docs == "" {
				docs := docsRun()
				docs.Spec.RepositoryURL, docs.Spec.GitHubUser, docs.Spec.GitHubApp = c.url, c.user, c.app
				needs(t, docs, c.want)
			}
		})
	}
}

// needs compares what a run needs with what is wanted, and with what its pod cannot start without.
func needs(t *testing.T, run v1.Run, want []Secret) {
	t.Helper()
	s := SampleSettings()
	if diff := cmp.Diff(want, Secrets(run, s)); diff != "" {
		t.Errorf("%T (-want +got)\n%s", run, diff)
	}
	certain, either := map[string]bool{}, map[string]bool{}
	for _, n := range want {
		for _, name := range n.Names {
			if len(n.Names) == 1 {
				certain[name] = true
			} else {
				either[name] = true
			}
		}
	}
	required, optional := secretsOf(mustRender(t, run, s).Agent.Spec.Template.Spec)
	if diff := cmp.Diff(certain, required); diff != "" {
		t.Errorf("the pod of the %T needs others (-Secrets +pod)\n%s", run, diff)
	}
	for name := range either {
		if !optional[name] {
			t.Errorf("the pod of the %T does not ask for %s", run, name)
		}
	}
}

// secretsOf are the Secrets that a pod names: those without which it does not start, and the others.
func secretsOf(pod corev1.PodSpec) (required, optional map[string]bool) {
	required, optional = map[string]bool{}, map[string]bool{}
	note := func(name string, may *bool) {
		if may != nil && *may {
			optional[name] = true
		} else {
			required[name] = true
		}
	}
	for _, v := range pod.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.Secret != nil {
				note(source.Secret.Name, source.Secret.Optional)
			}
		}
	}
	for _, c := range pod.Containers {
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				note(e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Optional)
			}
		}
	}
	return required, optional
}

func TestBehaviour30SecretFilesAreTheAgentsAlone(t *testing.T) {
	for _, run := range []v1.Run{docsRun(), codeRun()} {
		for _, v := range mustRender(t, run, SampleSettings()).Agent.Spec.Template.Spec.Volumes {
			if v.Name == volumeCredentials && (v.Projected.DefaultMode == nil || *v.Projected.DefaultMode != 0o600) {
				t.Errorf("%T: credentials must be mounted with the mode 0600, got %v", run, v.Projected.DefaultMode)
			}
		}
	}
}

func TestBehaviour32OnlyPermittedSecretsBecomeVariables(t *testing.T) {
	for name, c := range map[string]struct {
		allowed []string
		secrets []string
		refused string
	}{
		"behaviour 32: none is permitted by default":          {nil, []string{"database"}, "database"},
		"behaviour 32: one that is named":                     {[]string{"other", "database"}, []string{"database"}, ""},
		"behaviour 32: one of a pattern":                      {[]string{"team-*"}, []string{"team-a.db", "team-b"}, ""},
		"behaviour 32: a pattern is of the whole name":        {[]string{"team-*"}, []string{"my-team-a"}, "my-team-a"},
		"behaviour 32: one of several is not":                 {[]string{"team-*"}, []string{"team-a", "github-token-octo"}, "github-token-octo"},
		"behaviour 32: dots mean themselves":                  {[]string{"a.b"}, []string{"axb"}, "axb"},
		"behaviour 32: nothing is asked where none is named":  {nil, nil, ""},
		"behaviour 32: one for a variable that is not theirs": {nil, []string{"MODEL=database"}, "database"},
	} {
		t.Run(name, func(t *testing.T) {
			run, s := codeRun(), SampleSettings()
			s.EnvAllowed = c.allowed
			for i, secret := range c.secrets {
				variable, secret, ok := strings.Cut(secret, "=")
				if !ok {
					variable, secret = string(rune('A'+i)), variable
				}
				run.Spec.EnvFromSecrets = append(run.Spec.EnvFromSecrets, v1.SecretEnvVar{Name: variable, SecretName: secret, SecretKey: "k"})
			}
			o, err := Render(run, run.Status.Attempt, sampleHub, s)
			if c.refused != "" {
				want := "spec.envFromSecrets: the configuration does not let runs name the Secret " + c.refused + ": an administrator adds it, or a pattern " +
					"such as team-*, to secrets.envAllowed and labels it orchestrator.platform/agents=allowed on the member; or leave it out of the run"
				if err == nil || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("want %q at the end, got %v", want, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var named []string
			for _, n := range Secrets(run, s) {
				if n.Named {
					named = append(named, n.Names...)
				}
			}
			required, _ := secretsOf(o.Agent.Spec.Template.Spec)
			for _, secret := range c.secrets {
				if !required[secret] || !slices.Contains(named, secret) {
					t.Errorf("the Secret %s is not needed, or its label is not asked for: %v, %v", secret, required, named)
				}
			}
		})
	}
}
