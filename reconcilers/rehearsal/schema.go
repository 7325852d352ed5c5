package rehearsal

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/crds"
	v1 "github.com/runfleet/runfleet/api/v1"
)

// definition is the schema of a kind, ready to be applied.
type definition struct {
	structure *schema.Structural
	values    validation.SchemaValidator
	rules     *cel.Validator
}

// definitions reads the embedded CRDs, once: their rules take a tenth of a second to compile.
var definitions = sync.OnceValues(func() (map[string]definition, error) {
	all := map[string]definition{}
	for _, name := range crds.Files {
		data, err := crds.FS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(data, &crd); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		d, err := define(crd)
		if err != nil {
			return nil, fmt.Errorf("reading the schema of %s: %w", name, err)
		}
		all[crd.Spec.Names.Kind] = d
	}
	return all, nil
})

func define(crd apiextensionsv1.CustomResourceDefinition) (definition, error) {
	for _, version := range crd.Spec.Versions {
		if version.Name != v1.GroupVersion.Version {
			continue
		}
		var props apiextensions.JSONSchemaProps
		err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &props, nil)
		if err != nil {
			return definition{}, err
		}
		structure, err := schema.NewStructural(&props)
		if err != nil {
			return definition{}, err
		}
		values, _, err := validation.NewSchemaValidator(&props)
		if err != nil {
			return definition{}, err
		}
		return definition{structure, values, cel.NewValidator(structure, true, celconfig.PerCallLimit)}, nil
	}
	return definition{}, fmt.Errorf("it has no version %s", v1.GroupVersion.Version)
}

// unknown removes what the schema does not know, and returns its paths.
func (d definition) unknown(o *unstructured.Unstructured) []string {
	return pruning.PruneWithOptions(o.Object, d.structure, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
}

func (d definition) fillIn(o *unstructured.Unstructured) {
	defaulting.PruneNonNullableNullsWithoutDefaults(o.Object, d.structure)
	defaulting.Default(o.Object, d.structure)
}

// judge lists what an API server would refuse in a new object, in its words and with its rule that the schema's own rules are
// asked only where types and lengths are as they must be.
func (d definition) judge(o *unstructured.Unstructured) field.ErrorList {
	errs := apivalidation.ValidateObjectMetaAccessor(o, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	errs = append(errs, validation.ValidateCustomResource(nil, o.Object, d.values)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, d.structure, o.Object)...)
	for _, e := range errs {
		switch e.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany,
			field.ErrorTypeTypeInvalid:
			return errs
		default:
		}
	}
	broken, _ := d.rules.Validate(context.Background(), nil, d.structure, o.Object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, broken...)
}
