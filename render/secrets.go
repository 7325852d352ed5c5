package render

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// Secret is what an attempt certainly needs on its member, in the run's namespace. Runfleet names it and reads none of it.
type Secret struct {
	Names []string // any one of them is enough; the first is the one to create
	Keys  []string
	// Named says that the run's author chose the name, in spec.envFromSecrets: the Secret's own label must permit it too.
	Named bool
	// Flags are those of `runfleet secrets create` that make it; "" where that command does not.
	Flags string
}

// String is the Secret as messages name it.
func (s Secret) String() string { return strings.Join(s.Names, " or ") }

// Secrets are all that an attempt of the run needs, in the order in which its pod names them. Those that it can do without,
// such as the token of a run that fetches by ssh, are not among them.
func Secrets(run v1.Run, s Settings) []Secret {
	a, err := subjectOfRun(run, s)
	if err != nil {
		return nil
	}
	return a.secrets()
}

func (a subject) secrets() []Secret {
	var all []Secret
	if a.APIKey.Name != "" {
		all = append(all, Secret{Names: []string{a.APIKey.Name}, Keys: []string{a.APIKey.Key}, Flags: "--api-key-file FILE"})
	}
	login := a.login()
	addresses := []string{a.repositoryURL(), a.docsRepositoryURL()}
	if a.githubApp() != "" {
		all = append(all, Secret{
			Names: []string{AppSecret(login)}, Keys: []string{KeyAppID, KeyAppPrivateKey},
			Flags: "--app " + login + " --app-id ID --private-key FILE",
		})
	} else {
		user := "--user " + login
		if slices.ContainsFunc(addresses, isSSH) {
			all = append(all, Secret{Names: []string{SSHSecret(login)}, Keys: []string{KeySSH}, Flags: user + " --ssh-key FILE"})
		}
		if !isSSH(addresses[0]) || !isSSH(addresses[1]) {
			names := []string{TokenSecret(login), patSecret(login)}
			all = append(all, Secret{Names: names, Keys: []string{KeyToken}, Flags: user + " --token-file FILE"})
		}
	}
	for _, name := range a.namedSecrets() {
		all = append(all, Secret{Names: []string{name}, Named: true})
	}
	return all
}

// The keys of those Secrets.
const (
	KeySSH           = "ssh-privatekey"
	KeyToken         = "token"
	KeyAppID         = "app-id"
	KeyAppPrivateKey = "private-key"
)

// SSHSecret is the name of the Secret with a user's SSH key. The login is as [Login] writes it.
func SSHSecret(login string) string { return "github-ssh-" + login }

// TokenSecret is the name of the Secret with a user's token.
func TokenSecret(login string) string { return "github-token-" + login }

// AppSecret is the name of the Secret with an App's key.
func AppSecret(login string) string { return "github-app-" + login }

// patSecret is the original's older name of a token's Secret.
func patSecret(login string) string { return "github-pat-" + login }

// Login is a GitHub user or App as the names of Secrets have it: in lower case, and without what they cannot have.
func Login(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.ToLower(name), "[bot]"), "_", "-")
}

// namedSecrets are the Secrets that the run's author chose, each once. Those of variables that Runfleet sets itself are
// among them: whoever names a Secret must be permitted to, whatever becomes of it.
func (a subject) namedSecrets() []string {
	if a.code == nil {
		return nil
	}
	var names []string
	for _, v := range a.code.EnvFromSecrets {
		if !slices.Contains(names, v.SecretName) {
			names = append(names, v.SecretName)
		}
	}
	return names
}

// permitted refuses Secrets in spec.envFromSecrets that the configuration does not let runs name.
func (a subject) permitted() error {
	for _, name := range a.namedSecrets() {
		if !slices.ContainsFunc(a.EnvAllowed, func(glob string) bool { return matches(glob, name) }) {
			return fmt.Errorf("spec.envFromSecrets: the configuration does not let runs name the Secret %s: an administrator adds it, or "+
				"a pattern such as team-*, to secrets.envAllowed and labels it %s=%s on the member; or leave it out of the run",
				name, v1.LabelAgents, v1.AgentsAllowed)
		}
	}
	return nil
}

// matches says whether a name is of a pattern, in which * stands for any characters.
func matches(glob, name string) bool {
	ok, err := path.Match(glob, name) // names have no slashes, and the configuration takes no other sign of path.Match
	return err == nil && ok
}
