package fleet

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/runfleet/runfleet/api/v1"
)

func TestTroubleSaysTheSameAsLongAsTheCauseIsTheSame(t *testing.T) {
	get := func(err error) error {
		return fmt.Errorf("asking: %w", &url.Error{Op: "Get", URL: "https://eu-1", Err: err})
	}
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	from := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: port} }
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a refused connection": {
			get(&net.OpError{Op: "dial", Net: "tcp", Addr: from(6443), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
			"Unreachable: https://eu-1 does not answer while asking: dial: connect: connection refused",
		},
		"a connection that was cut, from whichever port": {
			get(&net.OpError{Op: "read", Net: "tcp", Source: from(45678), Addr: from(6443), Err: os.NewSyscallError("read", syscall.ECONNRESET)}),
			"Unreachable: https://eu-1 does not answer while asking: read: connection reset by peer",
		},
		"silence": {
			get(context.DeadlineExceeded), "Unreachable: https://eu-1 does not answer while asking: no answer in time",
		},
		"an old certificate, at whatever time": {
			get(x509.CertificateInvalidError{
				Cert: &x509.Certificate{NotBefore: day, NotAfter: day.AddDate(0, 0, 1)}, Reason: x509.Expired, Detail: "now is later",
			}),
			"Unreachable: https://eu-1 does not answer while asking: its certificate is valid from 2026-01-02 03:04 to 2026-01-03 03:04 only",
		},
		"unknown credentials": {
			apierrors.NewUnauthorized("who?"),
			"CredentialsRefused: https://eu-1 does not accept the credentials (401) while asking: write a kubeconfig with valid ones into the Secret",
		},
		"a missing permission": {
			apierrors.NewForbidden(jobs, "", errors.New("no")),
			"PreflightFailed: https://eu-1 forbids asking: grant the member's user the ClusterRole of docs/members.md",
		},
		"a missing API": {
			apierrors.NewNotFound(jobs, ""),
			"PreflightFailed: https://eu-1 does not serve what is needed for asking: is it a Kubernetes API server?",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := onRequest("asking", "https://eu-1", c.err)
			if diff := cmp.Diff(c.want, got.reason+": "+got.message); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnOldConnectionServesOnUnlessItWasWithdrawnOrLeadsAstray(t *testing.T) {
	for reason, want := range map[string]bool{
		v1.ReasonKubeconfigMissing: true, v1.ReasonIdentityChanged: true, v1.ReasonDuplicateIdentity: true,
		v1.ReasonKubeconfigRefused: false, v1.ReasonUnreachable: false, v1.ReasonPreflightFailed: false, v1.ReasonCredentialsRefused: false,
	} {
		if got := troubled(reason, "").ends(); got != want {
			t.Errorf("%s: want %v, got %v", reason, want, got)
		}
	}
}
