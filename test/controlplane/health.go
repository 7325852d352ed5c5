package controlplane

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"k8s.io/client-go/rest"
)

// probeTime bounds one question about health.
const probeTime = 5 * time.Second

// A Component is one running program, as others than its starter may know it.
type Component struct {
	Name   string `json:"name"`
	PID    int    `json:"pid"`
	Log    string `json:"log"`
	Health string `json:"health"` // URL for Probe
}

// Probe asks a component whether it is well. cfg is an administrator's
// configuration of the control plane that the component belongs to.
func Probe(ctx context.Context, cfg *rest.Config, m Component) error {
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return fmt.Errorf("probing %s: %w", m.Name, err)
	}
	defer client.CloseIdleConnections()
	return probe(ctx, client, m.Health)
}

// client trusts this control plane alone and is trusted by it.
func (c *ControlPlane) client() (*http.Client, error) {
	admin, err := c.authority.client("admin", "system:masters")
	if err != nil {
		return nil, err
	}
	shown, err := tls.X509KeyPair(admin.cert, admin.key)
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.authority.cert)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{shown}, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}}, nil
}

func (m *component) probe(ctx context.Context, client *http.Client) error {
	return probe(ctx, client, m.probeURL())
}

// probeURL is the URL of the component's health. For etcd it is that of its
// member list, with the name that must be in it.
func (m *component) probeURL() string {
	if m.member != "" {
		return m.url + "/v3/cluster/member/list?name=" + url.QueryEscape(m.member)
	}
	return m.url + m.path
}

func probe(ctx context.Context, client *http.Client, address string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("probing: %w", err)
	}
	method, body := http.MethodGet, []byte(nil)
	member := u.Query().Get("name")
	if member != "" {
		method, body = http.MethodPost, []byte("{}")
		u.RawQuery = ""
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("probing: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("probing: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("probing: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("probing: answered %s", resp.Status)
	}
	if member != "" {
		return hasMember(data, member)
	}
	return nil
}

// hasMember tells whether the etcd that answered is the one of that name.
func hasMember(answer []byte, name string) error {
	var list struct {
		Members []struct {
			Name string `json:"name"`
		} `json:"members"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return fmt.Errorf("reading etcd's members: %w", err)
	}
	for _, m := range list.Members {
		if m.Name == name {
			return nil
		}
	}
	return fmt.Errorf("reading etcd's members: another etcd answers")
}
