package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// connection is a way to reach a member: what of a kubeconfig is used, and a digest by which two are the same.
type connection struct {
	config *rest.Config
	digest string
}

// connectByKubeconfig reads a kubeconfig. It is checked as parsed, before anything acts on it: an exec plugin would run
// inside the operator, and a path could send the operator's own token to a stranger. Then the fields that may be used are
// copied one by one, so that nothing else of it can ever matter. where names its Secret and key in messages; the bytes
// never appear in one, and neither does the parser's error, which quotes them.
func connectByKubeconfig(data []byte, where string) (*connection, *trouble) {
	parsed, err := clientcmd.Load(data)
	if err != nil {
		return nil, troubled(v1.ReasonKubeconfigRefused,
			"%s is not a kubeconfig: check it with kubectl config view --kubeconfig=FILE", where)
	}
	k, err := current(parsed)
	if err == nil {
		err = k.check()
	}
	if err != nil {
		return nil, troubled(v1.ReasonKubeconfigRefused, "%s is refused: %v", where, err)
	}
	return k.connection(), nil
}

// kubeconfig is what the current context of a kubeconfig leads to. Its other entries are never looked at.
type kubeconfig struct {
	cluster clientcmdapi.Cluster
	user    clientcmdapi.AuthInfo
}

func current(parsed *clientcmdapi.Config) (kubeconfig, error) {
	chosen, ok := parsed.Contexts[parsed.CurrentContext]
	if !ok {
		return kubeconfig{}, errors.New("its current-context names no context: set it with kubectl config use-context")
	}
	cluster, ok := parsed.Clusters[chosen.Cluster]
	if !ok {
		return kubeconfig{}, errors.New("its current context names no cluster: add the cluster's entry")
	}
	user, ok := parsed.AuthInfos[chosen.AuthInfo]
	if !ok {
		return kubeconfig{}, errors.New("its current context names no user: add the user's entry")
	}
	return kubeconfig{cluster: *cluster, user: *user}, nil
}

// check says what is not allowed, and what to write instead.
func (k kubeconfig) check() error {
	c, u := k.cluster, k.user
	for _, rule := range []struct {
		broken bool
		says   string
	}{
		{u.Exec != nil, "it has an exec plugin (user.exec), which would run inside the operator: write a token or client-certificate-data"},
		{u.AuthProvider != nil, "it has an auth provider (user.auth-provider): write a token or client-certificate-data"},
		{u.TokenFile != "", "it has a path to a token (user.tokenFile): write the token itself as user.token"},
		{u.ClientCertificate != "", "it has a path to a certificate (user.client-certificate): write client-certificate-data"},
		{u.ClientKey != "", "it has a path to a key (user.client-key): write client-key-data"},
		{c.CertificateAuthority != "", "it has a path to a CA (cluster.certificate-authority): write certificate-authority-data"},
		{c.InsecureSkipTLSVerify, "it turns off the check of the server (cluster.insecure-skip-tls-verify): write certificate-authority-data"},
		{c.ProxyURL != "", "it has a proxy (cluster.proxy-url): give the operator a direct way to the member"},
		{
			u.Impersonate != "" || u.ImpersonateUID != "" || len(u.ImpersonateGroups) > 0 || len(u.ImpersonateUserExtra) > 0,
			"it acts as somebody else (user.as): write the credentials of the user itself",
		},
	} {
		if rule.broken {
			return errors.New(rule.says)
		}
	}
	return checkServer(c.Server)
}

func checkServer(server string) error {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Host == "":
		return errors.New("its server (cluster.server) is not a URL: write one such as https://eu-1.example.com:6443")
	case u.Scheme != "https":
		return errors.New("its server (cluster.server) is not reached by https: write a URL such as https://eu-1.example.com:6443")
	case u.User != nil:
		return errors.New("its server (cluster.server) has credentials in the URL: write them as the user's token")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("its server (cluster.server) has a query or a fragment: write a URL such as https://eu-1.example.com:6443")
	}
	return nil
}

// connection copies what may be used.
func (k kubeconfig) connection() *connection {
	c := &rest.Config{
		Host:        k.cluster.Server,
		BearerToken: k.user.Token,
		Username:    k.user.Username,
		Password:    k.user.Password,
		TLSClientConfig: rest.TLSClientConfig{
			ServerName: k.cluster.TLSServerName,
			CAData:     k.cluster.CertificateAuthorityData,
			CertData:   k.user.ClientCertificateData,
			KeyData:    k.user.ClientKeyData,
		},
	}
	digest := sha256.New()
	fmt.Fprintf(digest, "%q %q %q %q %q %q %q %q",
		c.Host, c.BearerToken, c.Username, c.Password, c.ServerName, c.CAData, c.CertData, c.KeyData)
	return &connection{config: tuned(c), digest: hex.EncodeToString(digest.Sum(nil))}
}

// connectToHub is the way to the hub as a member of itself.
func connectToHub(hub *rest.Config) *connection {
	return &connection{config: tuned(rest.CopyConfig(hub)), digest: "hub"}
}

// tuned sets what is the same for every member. Timeout stays unset, since it would cut watches too: each request has a
// context with a deadline instead. The client does not slow itself down, that is the API server's to do.
func tuned(c *rest.Config) *rest.Config {
	c.Timeout = 0
	c.QPS, c.Burst, c.RateLimiter = -1, 0, nil
	c.UserAgent = "runfleet"
	return c
}

// secretKey names a key of a Secret in messages.
func secretKey(namespace string, ref *v1.KubeconfigSecretRef) string {
	return fmt.Sprintf("key %s of Secret %s/%s", keyOf(ref), namespace, ref.Name)
}

// keyOf is the key with its default, for objects that were stored before the schema had one.
func keyOf(ref *v1.KubeconfigSecretRef) string {
	if ref.Key == "" {
		return "kubeconfig"
	}
	return ref.Key
}
