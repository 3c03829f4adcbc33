package clusterfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"sigs.k8s.io/yaml"
)

// validateAffinity reports what the API server would refuse of an affinity: unknown fields, wrong types, and the rules of
// its terms (pkg/apis/core/validation, validateAffinity).
func validateAffinity(affinity map[string]any, path string, add report) {
	if affinity == nil {
		return
	}
	text, err := json.Marshal(affinity)
	if err != nil {
		add(path, "cannot be written as JSON", "write it as Kubernetes does")
		return
	}
	if unknownFields(affinity, reflect.TypeFor[corev1.Affinity](), path, add) {
		return
	}
	var a corev1.Affinity
	const remedy = "kubectl explain pod.spec.affinity documents it"
	if err := yaml.UnmarshalStrict(text, &a); err != nil {
		cause := strings.NewReplacer("error unmarshaling JSON: ", "", "while decoding JSON: ", "").Replace(err.Error())
		add(path, "is not an affinity: "+strictyaml.Clip(cause), remedy)
		return
	}
	for _, err := range affinityErrors(a) {
		problem := fmt.Sprintf("is %q: %s", strictyaml.Clip(fmt.Sprint(err.BadValue)), err.Detail)
		if err.Type == field.ErrorTypeRequired {
			problem = "is missing: " + err.Detail
		}
		add(path+"."+err.Field, problem, remedy)
	}
}

// unknownFields reports the fields of a value that a type of Kubernetes does not have, and whether there are any.
func unknownFields(value any, t reflect.Type, path string, add report) bool {
	found := false
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			if t.Kind() == reflect.Slice {
				found = unknownFields(element, t.Elem(), fmt.Sprintf("%s[%d]", path, i), add) || found
			}
		}
	case map[string]any:
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return false
		}
		known := map[string]reflect.Type{}
		for i := range t.NumField() {
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if inner := t.Field(i).Type; name == "" && strings.Contains(options, "inline") {
				for j := range inner.NumField() {
					name, _, _ := strings.Cut(inner.Field(j).Tag.Get("json"), ",")
					known[name] = inner.Field(j).Type
				}
				continue
			}
			known[name] = t.Field(i).Type
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := strictyaml.Join(path, name)
			if inner, ok := known[name]; ok {
				found = unknownFields(v[name], inner, at, add) || found
				continue
			}
			add(at, "is not a field of "+t.Name(), strictyaml.Suggest(name, slices.Sorted(maps.Keys(known))))
			found = true
		}
	}
	return found
}

func affinityErrors(a corev1.Affinity) field.ErrorList {
	var all field.ErrorList
	if n := a.NodeAffinity; n != nil {
		all = append(all, nodeAffinityErrors(n)...)
	}
	if p := a.PodAffinity; p != nil {
		all = append(all, podTerms(field.NewPath("podAffinity"), p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	if p := a.PodAntiAffinity; p != nil {
		all = append(all, podTerms(field.NewPath("podAntiAffinity"), p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	return all
}

const required, preferred = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"

func nodeAffinityErrors(n *corev1.NodeAffinity) field.ErrorList {
	var all field.ErrorList
	at := field.NewPath("nodeAffinity")
	if r := n.RequiredDuringSchedulingIgnoredDuringExecution; r != nil {
		if len(r.NodeSelectorTerms) == 0 {
			all = append(all, field.Required(at.Child(required, "nodeSelectorTerms"), "must have at least one node selector term"))
		}
		_, err := nodeaffinity.NewNodeSelector(r, field.WithPath(at.Child(required)))
		all = append(all, fieldErrors(err, at.Child(required))...)
	}
	for i, term := range n.PreferredDuringSchedulingIgnoredDuringExecution {
		all = append(all, weight(at.Child(preferred).Index(i), term.Weight)...)
	}
	_, err := nodeaffinity.NewPreferredSchedulingTerms(n.PreferredDuringSchedulingIgnoredDuringExecution, field.WithPath(at.Child(preferred)))
	return append(all, fieldErrors(err, at.Child(preferred))...)
}

// fieldErrors are the single errors that one of the scheduler's parsers joins.
func fieldErrors(err error, at *field.Path) field.ErrorList {
	if err == nil {
		return nil
	}
	var joined interface{ Errors() []error }
	if !errors.As(err, &joined) {
		return field.ErrorList{field.Invalid(at, "", err.Error())}
	}
	var all field.ErrorList
	for _, err := range joined.Errors() {
		var one *field.Error
		if !errors.As(err, &one) {
			one = field.Invalid(at, "", err.Error())
		}
		all = append(all, one)
	}
	return all
}

func podTerms(at *field.Path, hard []corev1.PodAffinityTerm, soft []corev1.WeightedPodAffinityTerm) field.ErrorList {
	var all field.ErrorList
	for i, term := range hard {
		all = append(all, podTerm(at.Child(required).Index(i), term)...)
	}
	for i, term := range soft {
		all = append(all, weight(at.Child(preferred).Index(i), term.Weight)...)
		all = append(all, podTerm(at.Child(preferred).Index(i).Child("podAffinityTerm"), term.PodAffinityTerm)...)
	}
	return all
}

func podTerm(at *field.Path, term corev1.PodAffinityTerm) field.ErrorList {
	all := selector(at.Child("labelSelector"), term.LabelSelector)
	all = append(all, selector(at.Child("namespaceSelector"), term.NamespaceSelector)...)
	if term.TopologyKey == "" {
		return append(all, field.Required(at.Child("topologyKey"), "can not be empty"))
	}
	return append(all, metavalidation.ValidateLabelName(term.TopologyKey, at.Child("topologyKey"))...)
}

func selector(at *field.Path, s *metav1.LabelSelector) field.ErrorList {
	return metavalidation.ValidateLabelSelector(s, metavalidation.LabelSelectorValidationOptions{}, at)
}

func weight(at *field.Path, w int32) field.ErrorList {
	if w < 1 || w > 100 {
		return field.ErrorList{field.Invalid(at.Child("weight"), w, "must be in the range 1-100")}
	}
	return nil
}
