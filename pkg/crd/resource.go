package crd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// A Kind is a custom kind in one version.
type Kind struct {
	spent      atomic.Int64 // cost of the rules of all objects so far
	definition *apiextensions.CustomResourceDefinition
	version    string
	gvk        schema.GroupVersionKind
	prepare    sync.Once
	validators
}

// validators are what a Kind's objects are checked with, made when the first of them is checked.
type validators struct {
	structural *structural.Structural // nil if the schema is not structural
	schema     validation.SchemaValidator
	rules      *cel.Validator // nil if there are none
	keepsAll   bool           // unknown fields are kept
	status     bool           // a subresource
	scale      *apiextensions.CustomResourceSubresourceScale
}

// setUp makes the validators. A schema that is not structural, whose definition is at fault, checks nothing.
func (k *Kind) setUp() {
	crd := k.definition
	k.keepsAll = crd.Spec.PreserveUnknownFields != nil && *crd.Spec.PreserveUnknownFields
	if sub, err := apiextensions.GetSubresourcesForVersion(crd, k.version); err == nil && sub != nil {
		k.status, k.scale = sub.Status != nil, sub.Scale
	}
	custom, err := apiextensions.GetSchemaForVersion(crd, k.version)
	if err != nil || custom == nil || custom.OpenAPIV3Schema == nil {
		return
	}
	s, err := structural.NewStructural(custom.OpenAPIV3Schema)
	if err != nil {
		return
	}
	if k.schema, _, err = validation.NewSchemaValidator(custom.OpenAPIV3Schema); err == nil {
		k.structural = s
		k.rules = cel.NewValidator(s, true, celconfig.PerCallLimit)
	}
}

// Decode does to a custom resource what the API server does when it decodes it, and returns the result (a copy), the paths
// of unknown fields, and why it cannot be decoded.
func (k *Kind) Decode(o *manifest.Object) (content map[string]any, unknown []string, err error) {
	k.prepare.Do(k.setUp)
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, nil, err
	}
	if err := utiljson.Unmarshal(text, &content); err != nil {
		return nil, nil, err
	}
	meta, _, unknown, err := objectmeta.GetObjectMetaWithOptions(content, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil || k.structural == nil {
		return content, unknown, err
	}
	if !k.keepsAll {
		track := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
		unknown = append(unknown, pruning.PruneWithOptions(content, k.structural, true, track)...)
		defaulting.PruneNonNullableNullsWithoutDefaults(content, k.structural)
	}
	fault, more := objectmeta.CoerceWithOptions(nil, content, k.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fault != nil {
		return content, unknown, fault
	}
	if meta != nil {
		err = objectmeta.SetObjectMeta(content, meta)
	}
	defaulting.Default(content, k.structural)
	return content, append(unknown, more...), err
}

// Validate checks what Decode returned by the rules that the API server has for a new object of the kind.
func (k *Kind) Validate(ctx context.Context, content map[string]any) field.ErrorList {
	k.prepare.Do(k.setUp)
	if k.status {
		delete(content, "status") // as PrepareForCreate does
	}
	faults := k.metadata(content)
	if k.structural == nil {
		return faults
	}
	faults = append(faults, validation.ValidateCustomResource(nil, content, k.schema)...)
	faults = append(faults, k.scaleFaults(content)...)
	faults = append(faults, objectmeta.Validate(ctx, nil, content, k.structural, false)...)
	faults = append(faults, listtype.ValidateListSetsAndMaps(nil, k.structural, content)...)
	if k.rules != nil && !slices.ContainsFunc(faults, blocksRules) {
		faults = append(faults, k.ruleFaults(ctx, content)...)
	}
	return faults
}

// allRules bounds the cost of the rules of a definition over all objects: a file with many of them must not take hours. Each object alone has
// the budget that the API server has.
const allRules = 50 * celconfig.RuntimeCELCostBudget

func (k *Kind) ruleFaults(ctx context.Context, content map[string]any) field.ErrorList {
	if k.spent.Load() > allRules {
		return field.ErrorList{field.InternalError(nil, errors.New("the rules of the definition were not checked: those of the objects before have cost too much; validate fewer objects at once"))}
	}
	found, left := k.rules.Validate(ctx, nil, k.structural, content, nil, celconfig.RuntimeCELCostBudget)
	k.spent.Add(celconfig.RuntimeCELCostBudget - max(left, 0))
	return found
}

// blocksRules reports whether the API server leaves CEL rules out after a fault (hasBlockingErr of apiextensions-apiserver
// v0.37, registry/customresource/strategy.go).
func blocksRules(fault *field.Error) bool {
	switch fault.Type {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	}
	return false
}

// metadata checks names, labels and the like. Without a namespace the object goes to that of the client's choice.
func (k *Kind) metadata(content map[string]any) field.ErrorList {
	meta, found, err := objectmeta.GetObjectMeta(content, false)
	path := field.NewPath("metadata")
	if err != nil {
		return field.ErrorList{field.Invalid(path, "", err.Error())}
	}
	if !found {
		return field.ErrorList{field.Required(path.Child("name"), "name or generateName is required")}
	}
	meta.Namespace = ""
	meta.ManagedFields = nil // the server replaces those that it cannot use
	if meta.Name == "" && meta.GenerateName != "" {
		meta.Name = meta.GenerateName[:min(len(meta.GenerateName), 58)] + "zzzzz" // as the server does before it validates
	}
	return metavalidation.ValidateObjectMeta(meta, false, metavalidation.NameIsDNSSubdomain, path)
}

// scaleFaults checks the fields that the scale subresource reads (ValidateScaleSpec and ValidateScaleStatus of
// apiextensions-apiserver v0.37, registry/customresource/validator.go).
func (k *Kind) scaleFaults(content map[string]any) field.ErrorList {
	if k.scale == nil {
		return nil
	}
	var faults field.ErrorList
	for _, path := range []string{k.scale.SpecReplicasPath, k.scale.StatusReplicasPath} {
		n, _, err := unstructured.NestedInt64(content, strings.Split(strings.TrimPrefix(path, "."), ".")...)
		if err == nil && (n < 0 || n > math.MaxInt32) {
			err = errors.New("must be from 0 to " + fmt.Sprint(math.MaxInt32))
		}
		if err != nil {
			faults = append(faults, field.Invalid(field.NewPath(strings.TrimPrefix(path, ".")), n, err.Error()))
		}
	}
	return faults
}
