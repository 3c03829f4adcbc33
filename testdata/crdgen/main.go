// Command crdgen writes the CustomResourceDefinitions that addon charts carry, from the Go types of the upstream release that
// go.mod names: one template per definition, apiextensions.k8s.io/v1 with a structural schema, without descriptions (upstream's
// documentation holds them, and they are two thirds of the bytes). To bump: change the version in go.mod, then
//
//	cd testdata/crdgen && go mod tidy && go generate
package main

//go:generate go run .

import (
	"bytes"
	"cmp"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"
	"sigs.k8s.io/yaml"
)

// source is a Go package of custom resources and the chart that carries their definitions.
type source struct {
	pkg       string            // import path
	templates string            // folder of templates, relative to this one
	value     string            // the chart's value that switches the definitions on; "" for always
	oldest    int               // the chart's oldest Kubernetes minor, 1.<oldest>; 0 when it knows all that controller-gen writes
	approved  map[string]string // plural -> api-approved.kubernetes.io, which the API server demands for groups under k8s.io
}

var sources = []source{
	{
		pkg:       "github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd/traefikio/v1alpha1",
		templates: "../../addons/traefik/3.7/templates",
	},
	{
		pkg:       "github.com/kubernetes-csi/external-snapshotter/v2/pkg/apis/volumesnapshot/v1beta1",
		templates: "../../addons/scaleway-csi/0.1/templates",
		value:     ".Values.snapshots",
		oldest:    17,
		approved: map[string]string{
			"volumesnapshotclasses":  "https://github.com/kubernetes-csi/external-snapshotter/pull/139",
			"volumesnapshotcontents": "https://github.com/kubernetes-csi/external-snapshotter/pull/139",
			"volumesnapshots":        "https://github.com/kubernetes-csi/external-snapshotter/pull/139",
		},
	},
	{
		pkg:       "github.com/kubernetes-csi/external-snapshotter/client/v8/apis/volumesnapshot/v1",
		templates: "../../addons/scaleway-csi/0.3/templates",
		value:     ".Values.snapshots",
		approved: map[string]string{
			"volumesnapshotclasses":  "https://github.com/kubernetes-csi/external-snapshotter/pull/814",
			"volumesnapshotcontents": "https://github.com/kubernetes-csi/external-snapshotter/pull/955",
			"volumesnapshots":        "https://github.com/kubernetes-csi/external-snapshotter/pull/814",
		},
	},
}

func main() {
	log.SetFlags(0)
	for _, s := range sources {
		if err := s.write(); err != nil {
			log.Fatalf("crdgen: %s: %v", s.pkg, err)
		}
	}
}

// write replaces the crd-*.yaml templates of the source's chart.
func (s source) write() error {
	origin, definitions, err := generate(s.pkg)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(s.templates, "crd-*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for _, def := range definitions {
		plural := def.Spec.Names.Plural
		if s.oldest > 0 {
			dropNewerThan(s.oldest, def)
		}
		if url := s.approved[plural]; url != "" {
			def.Annotations = map[string]string{apiextensionsv1.KubeAPIApprovedAnnotation: url}
		}
		text, err := s.template(origin, def)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.templates, "crd-"+plural+".yaml"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate loads a package from source and returns its module (path and version) and the definitions of its kinds, by name.
func generate(pkg string) (origin string, definitions []apiextensionsv1.CustomResourceDefinition, err error) {
	roots, err := loader.LoadRootsWithConfig(&packages.Config{Mode: packages.NeedModule}, pkg)
	if err != nil {
		return "", nil, err
	}
	registry := &markers.Registry{}
	if err := crdmarkers.Register(registry); err != nil {
		return "", nil, err
	}
	parser := &crd.Parser{
		Collector: &markers.Collector{Registry: registry},
		Checker:   &loader.TypeChecker{NodeFilters: []loader.NodeFilter{crd.Generator{}.CheckFilter()}},
	}
	crd.AddKnownTypes(parser)
	for _, root := range roots {
		parser.NeedPackage(root)
	}
	noDescriptions := 0
	for _, kind := range crd.FindKubeKinds(parser, crd.FindMetav1(roots)) {
		parser.NeedCRDFor(kind, &noDescriptions)
		def := parser.CustomResourceDefinitions[kind]
		crd.FixTopLevelMetadata(def)
		for i := range def.Spec.Versions {
			for j := range def.Spec.Versions[i].AdditionalPrinterColumns {
				def.Spec.Versions[i].AdditionalPrinterColumns[j].Description = ""
			}
		}
		definitions = append(definitions, def)
	}
	if loader.PrintErrors(roots, packages.TypeError) {
		return "", nil, fmt.Errorf("the package has errors")
	}
	if len(definitions) == 0 {
		return "", nil, fmt.Errorf("the package has no custom resources")
	}
	slices.SortFunc(definitions, func(a, b apiextensionsv1.CustomResourceDefinition) int { return cmp.Compare(a.Name, b.Name) })
	return roots[0].Module.Path + " " + roots[0].Module.Version, definitions, nil
}

// dropNewerThan removes the schema's fields that an API server of that minor does not know.
func dropNewerThan(minor int, def apiextensionsv1.CustomResourceDefinition) {
	for _, version := range def.Spec.Versions {
		crd.EditSchema(version.Schema.OpenAPIV3Schema, schema(func(s *apiextensionsv1.JSONSchemaProps) {
			if minor < 18 {
				s.XMapType = nil // x-kubernetes-map-type: k8s.io/apiextensions-apiserver v0.18.0
			}
		}))
	}
}

// schema calls a function on each node of a schema.
type schema func(*apiextensionsv1.JSONSchemaProps)

func (f schema) Visit(s *apiextensionsv1.JSONSchemaProps) crd.SchemaVisitor {
	if s != nil {
		f(s)
	}
	return f
}

// template is the definition as a Helm template.
func (s source) template(origin string, def apiextensionsv1.CustomResourceDefinition) ([]byte, error) {
	body, err := yaml.Marshal(map[string]any{
		"apiVersion": apiextensionsv1.SchemeGroupVersion.String(),
		"kind":       "CustomResourceDefinition",
		"metadata":   objectMeta(def),
		"spec":       def.Spec,
	})
	if err != nil {
		return nil, err
	}
	// What Helm would take for an action is written as one that yields it.
	escaped := strings.NewReplacer("{{", "{{ `{{` }}", "}}", "{{ `}}` }}").Replace(string(body))

	var out bytes.Buffer
	fmt.Fprintf(&out, "{{- /* Generated by testdata/crdgen from %s: do not edit. */ -}}\n", origin)
	if s.value != "" {
		fmt.Fprintf(&out, "{{- if %s }}\n", s.value)
	}
	out.WriteString(escaped)
	if s.value != "" {
		out.WriteString("{{- end }}\n")
	}
	return out.Bytes(), nil
}

func objectMeta(def apiextensionsv1.CustomResourceDefinition) map[string]any {
	meta := map[string]any{"name": def.Name}
	if len(def.Annotations) > 0 {
		meta["annotations"] = def.Annotations
	}
	return meta
}
