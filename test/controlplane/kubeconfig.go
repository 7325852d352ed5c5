package controlplane

import (
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// User returns a client configuration for a new user in the given groups. The
// user may do what RBAC says, which is nothing at first. The group
// "system:masters" may do everything.
func (c *ControlPlane) User(name string, groups ...string) (*rest.Config, error) {
	return c.UserUntil(time.Now().AddDate(1, 0, 0), name, groups...)
}

// UserUntil is User with credentials that expire.
func (c *ControlPlane) UserUntil(end time.Time, name string, groups ...string) (*rest.Config, error) {
	p, err := c.authority.clientUntil(end, name, groups...)
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host: c.url,
		// Nothing here is to be slowed down by its own client.
		QPS:   1000,
		Burst: 2000,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   c.authority.pem,
			CertData: p.cert,
			KeyData:  p.key,
		},
	}, nil
}

// kubeconfig writes cfg as a kubeconfig file with everything inside.
func kubeconfig(name string, cfg *rest.Config) ([]byte, error) {
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{
		Server:                   cfg.Host,
		CertificateAuthorityData: cfg.CAData,
		TLSServerName:            cfg.ServerName,
	}
	k.AuthInfos["admin"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: cfg.CertData,
		ClientKeyData:         cfg.KeyData,
	}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: "admin"}
	k.CurrentContext = name
	data, err := clientcmd.Write(*k)
	if err != nil {
		return nil, fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return data, nil
}
