package fleet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/rest"

	"github.com/runfleet/runfleet/api/v1"
)

const canary = "c4n4ry-token"

// written writes a kubeconfig with lines of a cluster and of a user.
func written(cluster, user string) []byte {
	return []byte(`apiVersion: v1
kind: Config
current-context: member
contexts: [{name: member, context: {cluster: member, user: runfleet}}, {name: other, context: {cluster: other, user: other}}]
clusters:
- name: other
  cluster: {server: "http://other", insecure-skip-tls-verify: true}
- name: member
  cluster:
    ` + cluster + `
users:
- name: other
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never}}
- name: runfleet
  user:
    ` + user + `
`)
}

func TestAKubeconfigIsRefusedWith(t *testing.T) {
	const server = `server: "https://eu-1.example.com:6443"`
	const token = "token: " + canary
	for name, c := range map[string]struct {
		data []byte
		want string // what the message says of it
	}{
		"an exec plugin": {
			written(server, "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}"), "user.exec",
		},
		"an auth provider":           {written(server, "auth-provider: {name: gcp}"), "user.auth-provider"},
		"a path to a token":          {written(server, "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token"), "user.tokenFile"},
		"a token and a path to one":  {written(server, token+"\n    tokenFile: /token"), "user.tokenFile"},
		"a path to a certificate":    {written(server, "client-certificate: /tls.crt"), "user.client-certificate"},
		"a path to a key":            {written(server, "client-key: /tls.key"), "user.client-key"},
		"a path to a CA":             {written(server+"\n    certificate-authority: /ca.crt", token), "cluster.certificate-authority"},
		"an unchecked server":        {written(server+"\n    insecure-skip-tls-verify: true", token), "cluster.insecure-skip-tls-verify"},
		"a proxy":                    {written(server+"\n    proxy-url: http://proxy", token), "cluster.proxy-url"},
		"another user's name":        {written(server, token+"\n    as: admin"), "user.as"},
		"another user's groups":      {written(server, token+"\n    as-groups: [system:masters]"), "user.as"},
		"a server without TLS":       {written(`server: "http://eu-1.example.com"`, token), "is not reached by https"},
		"a server without a scheme":  {written(`server: "eu-1.example.com:6443"`, token), "cluster.server"},
		"no server":                  {written(`server: ""`, token), "is not a URL"},
		"credentials in the URL":     {written(`server: "https://me:`+canary+`@eu-1.example.com"`, token), "credentials in the URL"},
		"a query":                    {written(`server: "https://eu-1.example.com?token=`+canary+`"`, token), "a query"},
		"no context":                 {[]byte("apiVersion: v1\nkind: Config\n"), "current-context names no context"},
		"a context without a user":   {[]byte("current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: https://a}}]"), "names no user"},
		"a context without a server": {[]byte("current-context: a\ncontexts: [{name: a, context: {user: a}}]\nusers: [{name: a, user: {token: x}}]"), "names no cluster"},
		"another format":             {[]byte("{token: " + canary), "is not a kubeconfig"},
		"a value of another type":    {[]byte("current-context: [" + canary + "]"), "is not a kubeconfig"},
		"base64 that is none":        {written(server+"\n    certificate-authority-data: "+canary, token), "is not a kubeconfig"},
	} {
		t.Run(name, func(t *testing.T) {
			got, refused := connectByKubeconfig(c.data, "key kubeconfig of Secret runfleet-system/eu-1")
			if got != nil || refused == nil {
				t.Fatal("want it to be refused")
			}
			if refused.reason != v1.ReasonKubeconfigRefused || !strings.Contains(refused.message, c.want) {
				t.Errorf("want KubeconfigRefused and %q, got %s: %s", c.want, refused.reason, refused.message)
			}
			if !strings.HasPrefix(refused.message, "key kubeconfig of Secret runfleet-system/eu-1 ") {
				t.Errorf("want the place to be named, got %q", refused.message)
			}
			if strings.Contains(refused.message, canary) {
				t.Errorf("a secret is in the message: %q", refused.message)
			}
		})
	}
}

func TestOfAKubeconfigOnlyWhatMayBeUsedIsUsed(t *testing.T) {
	data := written(`server: "https://eu-1.example.com:6443/path"
    tls-server-name: eu-1
    certificate-authority-data: Y2E=`, "token: "+canary+`
    client-certificate-data: Y2VydA==
    client-key-data: a2V5`)
	got, refused := connectByKubeconfig(data, "")
	if refused != nil {
		t.Fatal(refused)
	}
	want := &rest.Config{
		Host: "https://eu-1.example.com:6443/path", BearerToken: canary, UserAgent: "runfleet", QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{ServerName: "eu-1", CAData: []byte("ca"), CertData: []byte("cert"), KeyData: []byte("key")},
	}
	if !equality.Semantic.DeepEqual(want, got.config) {
		t.Errorf("want %v, got %v", want, got.config)
	}
}

func TestTwoKubeconfigsAreTheSameConnectionWhenTheyAreUsedAlike(t *testing.T) {
	digest := func(cluster, user string) string {
		t.Helper()
		c, refused := connectByKubeconfig(written(cluster, user), "")
		if refused != nil {
			t.Fatal(refused)
		}
		return c.digest
	}
	const server = `server: "https://eu-1.example.com"`
	one := digest(server, "token: a")
	if other := digest(server, "token: a # with another comment"); other != one {
		t.Error("want a comment not to matter")
	}
	for name, other := range map[string]string{
		"token":    digest(server, "token: b"),
		"password": digest(server, "token: a\n    username: u\n    password: p"),
		"server":   digest(`server: "https://eu-2.example.com"`, "token: a"),
		"CA":       digest(server+"\n    certificate-authority-data: Y2E=", "token: a"),
		"key":      digest(server, "token: a\n    client-certificate-data: Y2VydA==\n    client-key-data: a2V5"),
	} {
		if other == one {
			t.Errorf("want another %s to be another connection", name)
		}
	}
}

func TestTheHubIsReachedWithoutATimeoutThatCutsWatches(t *testing.T) {
	hub := &rest.Config{Host: "https://hub", Timeout: 5, QPS: 20, Burst: 30}
	got := connectToHub(hub).config
	if got.Timeout != 0 || got.QPS >= 0 || got.UserAgent != "runfleet" {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff(float32(20), hub.QPS); diff != "" {
		t.Errorf("the operator's own configuration was changed (-want +got)\n%s", diff)
	}
}
