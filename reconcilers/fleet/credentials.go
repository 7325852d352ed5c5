package fleet

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// lifetime is from when to when credentials are valid, as they say themselves. The zero value is for those that do not say.
type lifetime struct {
	from, until time.Time
	account     string // of a bound token: "system:serviceaccount:NAMESPACE:NAME"
}

// lifetimeOf reads what a connection's token or certificate says. Nothing is verified: the API server does that, and all that
// hangs on it is a countdown and when a new token is asked for.
func lifetimeOf(c *rest.Config) lifetime {
	if c.BearerToken != "" {
		return tokenLifetime(c.BearerToken)
	}
	block, _ := pem.Decode(c.CertData)
	if block == nil {
		return lifetime{}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return lifetime{}
	}
	return lifetime{from: cert.NotBefore, until: cert.NotAfter}
}

// tokenLifetime reads the claims of a JSON Web Token; another token says nothing.
func tokenLifetime(token string) lifetime {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return lifetime{}
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return lifetime{}
	}
	var claims struct {
		IssuedAt int64  `json:"iat"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub"`
	}
	if json.Unmarshal(data, &claims) != nil || claims.Expires <= 0 || claims.IssuedAt <= 0 || claims.Expires <= claims.IssuedAt {
		return lifetime{}
	}
	return lifetime{time.Unix(claims.IssuedAt, 0), time.Unix(claims.Expires, 0), claims.Subject}
}

// half is when half of it is over.
func (l lifetime) half() time.Time { return l.from.Add(l.until.Sub(l.from) / 2) }

// serviceAccount is whose token it is.
func (l lifetime) serviceAccount() (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(l.account, "system:serviceaccount:")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ":")
}

// Left says how long something is valid, in steps that are coarse enough to be written whenever they change.
func Left(until, now time.Time) string {
	const day = 24 * time.Hour
	switch left := until.Sub(now); {
	case until.IsZero():
		return ""
	case left <= 0:
		return "expired"
	case left < time.Hour:
		return "<1h"
	case left < 2*day:
		return fmt.Sprintf("%dh", left/time.Hour)
	default:
		return fmt.Sprintf("%dd", left/day)
	}
}

// Kubeconfig writes one that the operator accepts: a server, who vouches for it, and a token.
func Kubeconfig(name string, server *rest.Config, token string) ([]byte, error) {
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{
		Server: server.Host, TLSServerName: server.ServerName, CertificateAuthorityData: server.CAData,
	}
	k.AuthInfos[MemberUser] = &clientcmdapi.AuthInfo{Token: token}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: MemberUser}
	k.CurrentContext = name
	return clientcmd.Write(*k)
}

// withToken is a kubeconfig with another token of its current user, and otherwise as it was.
func withToken(data []byte, token string) ([]byte, error) {
	k, err := clientcmd.Load(data)
	if err != nil {
		return nil, errors.New("it is not a kubeconfig") // the error would quote it
	}
	chosen := k.Contexts[k.CurrentContext]
	if chosen == nil || k.AuthInfos[chosen.AuthInfo] == nil {
		return nil, errors.New("its current context names no user")
	}
	k.AuthInfos[chosen.AuthInfo].Token = token
	return clientcmd.Write(*k)
}

// Usable says why the operator cannot reach a member as a person does, once the files that the person's kubeconfig names
// are read.
func Usable(c *rest.Config) []string {
	var all []string
	if c.Insecure {
		all = append(all, "the kubeconfig turns off the check of the server (insecure-skip-tls-verify): write certificate-authority-data")
	}
	if c.Proxy != nil {
		all = append(all, "the kubeconfig has a proxy (proxy-url), and the operator needs a direct way to the member: "+
			"name it with --server")
	}
	if err := checkServer(c.Host); err != nil {
		all = append(all, "the kubeconfig is of no use to the operator: "+err.Error())
	}
	return all
}
