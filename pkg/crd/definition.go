// Package crd validates CustomResourceDefinitions and custom resources with the API server's own libraries: structural
// schemas, defaults, pruning, list types and CEL rules of k8s.io/apiextensions-apiserver.
package crd

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// GroupKind is that of definitions.
var GroupKind = schema.GroupKind{Group: apiextensions.GroupName, Kind: "CustomResourceDefinition"}

// Kinds are the custom kinds that definitions define, by what they are served as.
type Kinds map[schema.GroupVersionKind]*Kind

// Define adds the kinds of a definition, in the versions that it serves. The error says why the definition cannot be decoded.
func (k Kinds) Define(o *manifest.Object) error {
	definition, err := decode(o)
	if err != nil {
		return err
	}
	for _, version := range definition.Spec.Versions {
		if version.Served {
			gvk := schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind}
			k[gvk] = &Kind{definition: definition, version: version.Name, gvk: gvk}
		}
	}
	return nil
}

// decode turns a definition of v1 or v1beta1 into the API server's internal form, with its defaults.
func decode(o *manifest.Object) (*apiextensions.CustomResourceDefinition, error) {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	out := &apiextensions.CustomResourceDefinition{}
	if o.GroupVersionKind().Version == "v1beta1" {
		var in v1beta1.CustomResourceDefinition
		if err := json.Unmarshal(text, &in); err != nil {
			return nil, err
		}
		v1beta1.SetObjectDefaults_CustomResourceDefinition(&in)
		return out, v1beta1.Convert_v1beta1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&in, out, nil)
	}
	var in v1.CustomResourceDefinition
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	v1.SetObjectDefaults_CustomResourceDefinition(&in)
	return out, v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&in, out, nil)
}

// Validate checks a definition of v1 as the API server does when it is created. Definitions of v1beta1, which no server
// since 1.22 takes, had laxer rules and are not checked.
func Validate(ctx context.Context, o *manifest.Object) (field.ErrorList, error) {
	if o.GroupVersionKind().Version != "v1" {
		return nil, nil
	}
	definition, err := decode(o)
	if err != nil {
		return nil, err
	}
	// What PrepareForCreate does (apiextensions-apiserver v0.37, registry/customresourcedefinition/strategy.go).
	definition.Status = apiextensions.CustomResourceDefinitionStatus{}
	for _, version := range definition.Spec.Versions {
		if version.Storage {
			definition.Status.StoredVersions = []string{version.Name}
			break
		}
	}
	faults := validation.ValidateCustomResourceDefinition(ctx, definition)
	kept := faults[:0]
	for _, fault := range faults {
		if strings.HasPrefix(fault.Field, "status.") {
			continue // it follows from a fault in spec.versions
		}
		fault.Field = asWritten(fault.Field)
		kept = append(kept, fault)
	}
	return kept, nil
}

// asWritten turns a path of the internal form, which holds what all versions have in common once, into that of v1.
func asWritten(path string) string {
	for internal, written := range map[string]string{
		"spec.validation.": "schema.", "spec.subresources.": "subresources.", "spec.additionalPrinterColumns": "additionalPrinterColumns",
		"spec.selectableFields": "selectableFields",
	} {
		if rest, ok := strings.CutPrefix(path, internal); ok {
			return "spec.versions[0]." + written + rest
		}
	}
	if rest, ok := strings.CutPrefix(path, "spec.conversion.conversionReviewVersions"); ok {
		return "spec.conversion.webhook.conversionReviewVersions" + rest
	}
	if rest, ok := strings.CutPrefix(path, "spec.conversion.webhookClientConfig"); ok {
		return "spec.conversion.webhook.clientConfig" + rest
	}
	return path
}
