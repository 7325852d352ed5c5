package fleet

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/crds"
	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
)

// The clusters of the whole suite.
var (
	hub, east, west *site
	numbers         atomic.Int64 // makes names unique
	kinds           = runtime.NewScheme()
)

// site is one control plane with an administrator's client.
type site struct {
	*controlplane.ControlPlane
	config *rest.Config
	client.Client
}

func TestMain(m *testing.M) {
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensions.AddToScheme, v1.AddToScheme} {
		utilruntime.Must(add(kinds))
	}
	controlplane.TestMain(m, func(c *controlplane.ControlPlane) {
		var err error
		if hub, err = at(c); err == nil {
			err = install(hub)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	})
}

func TestFleet(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	var err error
	if east, err = at(controlplane.ForTest(t, controlplane.Options{Name: "east"})); err != nil {
		t.Fatal(err)
	}
	if west, err = at(controlplane.ForTest(t, controlplane.Options{Name: "west"})); err != nil {
		t.Fatal(err)
	}
	SetDefaultEventuallyTimeout(time.Minute) // the machine may be busy; what must not happen never ends
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	RunSpecs(t, "reconcilers/fleet")
}

func at(c *controlplane.ControlPlane) (*site, error) {
	config := c.Config()
	config.QPS = -1
	connected, err := client.New(config, client.Options{Scheme: kinds})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", c.Name(), err)
	}
	return &site{ControlPlane: c, config: config, Client: connected}, nil
}

// install gives the hub the CRDs, and returns when they are served.
func install(s *site) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, name := range crds.Files {
		data, err := crds.FS.ReadFile(name)
		if err != nil {
			return err
		}
		crd := &apiextensions.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, crd); err != nil {
			return err
		}
		if err := s.Create(ctx, crd); err != nil {
			return fmt.Errorf("installing %s: %w", name, err)
		}
	}
	for {
		err := s.List(ctx, &v1.MemberClusterList{})
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// named is a name that nothing else in the suite has.
func named(prefix string) string { return fmt.Sprintf("%s-%d", prefix, numbers.Add(1)) }
