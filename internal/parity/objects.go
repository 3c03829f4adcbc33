package parity

import (
	"cmp"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// home is the namespace of what upstream leaves to the one who applies it.
const home = "kube-system"

// factsOf reads objects; names translates theirs.
func factsOf(objects []*manifest.Object, names *translation) *facts {
	all := &facts{}
	access := access{names: names, rules: map[string][]map[string]any{}, bound: map[string]bool{}}
	for _, o := range objects {
		if access.read(o) {
			continue
		}
		f := all.part(names.of(o.GetKind(), o.GetName()))
		f.set("object", o.GetAPIVersion()+" "+o.GetKind())
		if namespace := names.name("Namespace", cmp.Or(o.GetNamespace(), home)); namespace != home {
			f.set("namespace", namespace)
		}
		f.annotations(o.GetAnnotations())
		object(f, o, names)
	}
	access.state(all)
	return all
}

func object(f *facts, o *manifest.Object, names *translation) {
	switch o.GetKind() {
	case "DaemonSet", "Deployment", "StatefulSet", "Job":
		workload(f, field(o.Object, "spec"), names)
	case "CustomResourceDefinition":
		definition(f, o.GetAPIVersion(), field(o.Object, "spec"))
	case "ConfigMap":
		for key, value := range without(field(o.Object, "data")) {
			f.text("key "+key, scalar(value))
		}
		f.flatten("", without(o.Object, "apiVersion", "kind", "metadata", "data"))
	case "Service":
		service(f, field(o.Object, "spec"))
	case "Namespace":
		f.flatten("labels", without(field(o.Object, "metadata", "labels"), ownLabels...))
	default:
		f.flatten("", without(o.Object, "apiVersion", "kind", "metadata", "status"))
	}
}

// ownLabels are those that Fitout and Helm put on everything, and what the API server adds.
var ownLabels = []string{
	"app.kubernetes.io/managed-by", "fitout.dev/addon", "fitout.dev/version", "fitout.dev/bundle", "app.kubernetes.io/part-of", "kubernetes.io/metadata.name",
}

// annotations are stated, but for those of the tools that make, render and apply objects.
func (f *facts) annotations(annotations map[string]string) {
	for key, value := range annotations {
		tool, _, _ := strings.Cut(key, "/")
		switch tool {
		case "helm.sh", "meta.helm.sh", "kubectl.kubernetes.io", "controller-gen.kubebuilder.io", "checksum", "fitout.dev":
		default:
			f.set("annotation "+key, value)
		}
	}
}

func service(f *facts, spec any) {
	for _, port := range list(spec, "ports") {
		p := f.part("port " + text(port, "port") + "/" + cmp.Or(text(port, "protocol"), "TCP"))
		p.value = "to " + cmp.Or(text(port, "targetPort"), text(port, "port"))
		p.flatten("", without(port, "port", "protocol", "targetPort"))
	}
	f.flatten("", without(spec, "ports"))
}

// definition states a CustomResourceDefinition of apiextensions v1 or v1beta1. Descriptions do not count.
func definition(f *facts, apiVersion string, spec any) {
	shared := without(spec, "versions", "version", "validation", "subresources", "additionalPrinterColumns")
	if text(shared, "scope") == "" {
		shared["scope"] = "Namespaced"
	}
	if apiVersion == "apiextensions.k8s.io/v1" && text(shared, "preserveUnknownFields") == "false" {
		delete(shared, "preserveUnknownFields") // the default of v1; that of v1beta1 is true
	}
	for _, derived := range []string{"listKind", "singular"} {
		shared["names"] = without(shared["names"], derived)
	}
	f.flatten("", shared)
	versions := list(spec, "versions")
	if versions == nil {
		versions = []map[string]any{{"name": text(spec, "version"), "served": true, "storage": true}}
	}
	for _, v := range versions {
		p := f.part("version " + text(v, "name"))
		p.flatten("", without(v, "name", "schema", "additionalPrinterColumns"))
		p.flatten("subresources", field(spec, "subresources"))
		p.columns(append(list(v, "additionalPrinterColumns"), list(spec, "additionalPrinterColumns")...))
		p.schema(field(v, "schema", "openAPIV3Schema"))
		p.schema(field(spec, "validation", "openAPIV3Schema"))
	}
}

func (f *facts) columns(columns []map[string]any) {
	for _, c := range columns {
		f.set("column "+text(c, "name"), cmp.Or(text(c, "jsonPath"), text(c, "JSONPath")))
	}
}

func (f *facts) schema(schema any) {
	if schema == nil {
		return
	}
	f.set("schema", "present")
	f.part("schema").flatten("", undescribed(schema))
}

// undescribed drops the descriptions from a schema. A property of the name description is a mapping and stays.
func undescribed(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			if _, isText := inner.(string); key != "description" || !isText {
				out[key] = undescribed(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = undescribed(inner)
		}
		return out
	}
	return value
}
