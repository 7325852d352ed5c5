package render

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// Repository is the repository that the run's agent pushes to, in one spelling however the URL was written:
// host/path, such as github.com/example/shop. It is for comparing, not for fetching.
func Repository(run v1.Run) string {
	switch r := run.(type) {
	case *v1.DocsRun:
		return repository(string(r.Spec.RepositoryURL))
	case *v1.CodeRun:
		return repository(string(r.Spec.RepositoryURL))
	default:
		return ""
	}
}

// github is where "org/repo" is looked for, and the one host whose paths are known to ignore case.
const github = "github.com"

// aliases are other names of a host.
var aliases = map[string]string{"www.github.com": github, "ssh.github.com": github}

// port at the end of an authority. One server answers to https and ssh at different ports, so a port tells nothing.
var port = regexp.MustCompile(`:[0-9]*$`)

// percent is a character of a URL that is written by its number.
var percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// repository takes spelling for spelling off: scheme, user, port, .git, slashes, case of the host. Two repositories that
// come out equal and are not would only wait for each other; one that comes out twice would be worked on twice at once.
func repository(spelling string) string {
	host, path := authority(spelling)
	if i := strings.LastIndex(host, "@"); i >= 0 { // before anything can repeat it: it may be a password
		host = host[i+1:]
	}
	host = strings.TrimSuffix(strings.ToLower(port.ReplaceAllString(host, "")), ".")
	if name, ok := aliases[host]; ok {
		host = name
	}
	path = percent.ReplaceAllStringFunc(path, func(code string) string {
		b, _ := hex.DecodeString(code[1:]) // the pattern lets nothing else through
		return string(b)
	})
	path = strings.Trim(strings.TrimSuffix(strings.TrimRight(path, "/"), ".git"), "/")
	if host == github {
		path = strings.ToLower(path)
	}
	return host + "/" + path
}

// authority cuts a URL, git's scp-like form or org/repo in two.
func authority(spelling string) (host, path string) {
	if _, rest, ok := strings.Cut(spelling, "://"); ok {
		host, path, _ = strings.Cut(rest, "/")
		return host, path
	}
	before, after, scp := strings.Cut(spelling, ":")
	if strings.HasPrefix(spelling, "[") || strings.Contains(before, "@[") { // the colons of an IPv6 address come first
		before, after, scp = strings.Cut(spelling, "]:")
		before += "]"
	}
	if scp && !strings.Contains(before, "/") {
		return before, after
	}
	return github, spelling
}
