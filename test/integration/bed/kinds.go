package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/api/crds"
)

// InstallCRDs makes a hub of a cluster, and returns when the kinds are served.
func (c *Cluster) InstallCRDs(ctx context.Context) error {
	var text bytes.Buffer
	for _, name := range crds.Files {
		data, err := crds.FS.ReadFile(name)
		if err != nil {
			return err
		}
		text.WriteString("---\n")
		text.Write(data)
	}
	kinds, err := ReadKinds(text.Bytes())
	if err != nil {
		return err
	}
	return c.ApplyKinds(ctx, kinds)
}

// ReadKinds reads what `runfleet crds` prints.
func ReadKinds(text []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		o := &unstructured.Unstructured{}
		switch err := documents.Decode(&o.Object); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("reading the kinds: %w", err)
		case len(o.Object) > 0:
			all = append(all, o)
		}
	}
}

// ApplyKinds makes kinds what they shall be, as `kubectl apply --server-side` does, and returns when they are served.
func (c *Cluster) ApplyKinds(ctx context.Context, kinds []*unstructured.Unstructured) error {
	for _, kind := range kinds {
		o := client.ApplyConfigurationFromUnstructured(kind.DeepCopy())
		if err := c.Apply(ctx, o, client.FieldOwner("kubectl"), client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s: %w", kind.GetName(), err)
		}
		crd := &apiextensions.CustomResourceDefinition{}
		if err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			err := c.Get(ctx, client.ObjectKey{Name: kind.GetName()}, crd)
			return served(crd), err
		}); err != nil {
			return fmt.Errorf("waiting until %s is served: %w", kind.GetName(), err)
		}
	}
	return nil
}

func served(crd *apiextensions.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensions.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensions.Established && c.Status == apiextensions.ConditionTrue
	})
}
