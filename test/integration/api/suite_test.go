package api

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/crds"
	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
)

// The hub of the whole suite, with the CRDs installed.
var (
	config   *rest.Config
	hub      client.Client
	warnings recorder
	names    atomic.Int64 // makes the names of objects unique
)

const namespace = "default"

func TestMain(m *testing.M) {
	controlplane.TestMain(m, func(c *controlplane.ControlPlane) {
		if err := install(c.Config()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	})
}

func TestAPI(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "orchestrator.platform/v1")
}

// install connects to the API server, installs the CRDs and waits until they are served.
func install(c *rest.Config) error {
	config = c
	config.QPS = -1
	config.WarningHandler = &warnings
	scheme := runtime.NewScheme()
	utilruntime.Must(v1.AddToScheme(scheme))
	utilruntime.Must(apiextensions.AddToScheme(scheme))
	var err error
	if hub, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("connecting to the hub: %w", err)
	}
	for _, name := range crds.Files {
		if err := installOne(name); err != nil {
			return fmt.Errorf("installing %s: %w", name, err)
		}
	}
	return nil
}

func installOne(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	crd, err := definition(name)
	if err != nil {
		return err
	}
	if err := hub.Create(ctx, crd); err != nil {
		return err
	}
	for !established(crd) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("waiting until it is served: %w", err)
		}
		if err := hub.Get(ctx, client.ObjectKeyFromObject(crd), crd); err != nil {
			return err
		}
	}
	return nil
}

func definition(name string) (*apiextensions.CustomResourceDefinition, error) {
	data, err := crds.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	crd := &apiextensions.CustomResourceDefinition{}
	return crd, yaml.UnmarshalStrict(data, crd)
}

func established(crd *apiextensions.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensions.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensions.Established && c.Status == apiextensions.ConditionTrue
	})
}

// recorder keeps the warnings that the API server sends.
type recorder struct {
	mu   sync.Mutex
	seen []string
}

func (r *recorder) HandleWarningHeader(_ int, _, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, text)
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// newName is a name that no other object of the suite has.
func newName() string { return fmt.Sprintf("run-%d", names.Add(1)) }
