package fleet

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// trouble is why a member takes no new attempt: a reason of api/v1/conditions.go and a sentence that says what to do. The
// sentence is the same as long as the cause is, since it stands in a condition and each change of it is a write.
type trouble struct {
	reason  string
	message string
}

func (t *trouble) Error() string { return t.message }

func troubled(reason, format string, args ...any) *trouble {
	return &trouble{reason: reason, message: fmt.Sprintf(format, args...)}
}

// ends says that the connection of before must not be used any longer either: it was withdrawn, or leads astray.
func (t *trouble) ends() bool {
	return slices.Contains([]string{v1.ReasonKubeconfigMissing, v1.ReasonIdentityChanged, v1.ReasonDuplicateIdentity}, t.reason)
}

// onRequest explains why a request to a member's API server failed while doing something.
func onRequest(doing, host string, err error) *trouble {
	switch {
	case apierrors.IsUnauthorized(err):
		return troubled(v1.ReasonCredentialsRefused,
			"%s does not accept the credentials (401) while %s: write a kubeconfig with valid ones into the Secret", host, doing)
	case apierrors.IsForbidden(err):
		return troubled(v1.ReasonPreflightFailed,
			"%s forbids %s: grant the member's user the ClusterRole of docs/members.md", host, doing)
	case apierrors.IsNotFound(err):
		return troubled(v1.ReasonPreflightFailed, "%s does not serve what is needed for %s: is it a Kubernetes API server?", host, doing)
	default:
		return troubled(v1.ReasonUnreachable, "%s does not answer while %s: %s", host, doing, why(err))
	}
}

// why is the cause of a failed request without what differs from one try to the next, such as the port it went out from.
func why(err error) string {
	var (
		expired x509.CertificateInvalidError
		dial    *net.OpError
		request *url.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), apierrors.IsTimeout(err):
		return "no answer in time"
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		return fmt.Sprintf("its certificate is valid from %s to %s only",
			expired.Cert.NotBefore.UTC().Format("2006-01-02 15:04"), expired.Cert.NotAfter.UTC().Format("2006-01-02 15:04"))
	case errors.As(err, &dial):
		return dial.Op + ": " + strings.TrimPrefix(dial.Err.Error(), dial.Op+": ")
	case errors.As(err, &request):
		return request.Err.Error()
	default:
		return err.Error()
	}
}
