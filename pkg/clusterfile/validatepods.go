package clusterfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/validation"
)

// maxAnnotations is the API server's bound on all annotations of an object, keys and values, in bytes
// (k8s.io/apimachinery/pkg/api/validation, TotalAnnotationSizeLimitB).
const maxAnnotations = 256 * 1024

// FieldDomain is the domain of Fitout's own labels and annotations.
const FieldDomain = "fitout.dev"

type report = func(field, problem, remedy string)

// validate reports what the API server would refuse of the settings, in its order of fields. path is where they stand.
func (p Pods) validate(path string, add report) {
	for i, t := range p.Tolerations {
		t.validate(fmt.Sprintf("%s.tolerations[%d]", path, i), add)
	}
	labels(p.NodeSelector, path+".nodeSelector", add)
	validateAffinity(p.Affinity, path+".affinity", add)
	if p.PriorityClassName != "" && len(validation.IsDNS1123Subdomain(p.PriorityClassName)) > 0 {
		add(path+".priorityClassName", is(p.PriorityClassName), "give the name of a PriorityClass, such as system-cluster-critical")
	}
	labels(p.Labels, path+".labels", add)
	reserved(p.Labels, path+".labels", add)
	annotations(p.Annotations, path+".annotations", add)
	reserved(p.Annotations, path+".annotations", add)
	secretNames(p.ImagePullSecrets, path+".imagePullSecrets", add)
}

func (t Toleration) validate(path string, add report) {
	switch {
	case t.Key == "" && t.Operator != "Exists":
		add(path+".key", "is missing", "name the taint, or set operator: Exists to tolerate every taint")
	case t.Key != "":
		key(t.Key, path+".key", add)
	}
	switch {
	case t.Operator == "Exists" && t.Value != "":
		add(path+".value", is(t.Value)+" with the operator Exists, which takes none", "remove it, or use the operator Equal")
	case len(validation.IsValidLabelValue(t.Value)) > 0:
		add(path+".value", is(t.Value), labelValueRemedy)
	}
	if t.TolerationSeconds != nil && t.Effect != "NoExecute" {
		add(path+".tolerationSeconds", "is set without the effect NoExecute", "remove it, or set effect: NoExecute")
	}
}

const (
	keyRemedy        = "use a name of letters, digits, -, _ and ., 63 at the most, with a domain and a slash before it if any, such as example.com/team"
	labelValueRemedy = "use letters, digits, -, _ and ., 63 at the most, beginning and ending with a letter or digit"
)

func key(s, path string, add report) {
	if len(validation.IsQualifiedName(s)) > 0 {
		add(path, is(s), keyRemedy)
	}
}

func labels(list map[string]string, path string, add report) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if len(validation.IsQualifiedName(name)) > 0 {
			add(strictyaml.Join(path, name), "is not a label", keyRemedy)
		} else if len(validation.IsValidLabelValue(list[name])) > 0 {
			add(strictyaml.Join(path, name), is(list[name]), labelValueRemedy)
		}
	}
}

func annotations(list map[string]string, path string, add report) {
	size := 0
	for _, name := range slices.Sorted(maps.Keys(list)) {
		size += len(name) + len(list[name])
		if len(validation.IsQualifiedName(strings.ToLower(name))) > 0 {
			add(strictyaml.Join(path, name), "is not the name of an annotation", keyRemedy)
		}
	}
	if size > maxAnnotations {
		add(path, fmt.Sprintf("has %d bytes", size), fmt.Sprintf("the API server takes %d at the most", maxAnnotations))
	}
}

// Reserved reports whether the key of a label or an annotation is of Fitout's own domain.
func Reserved(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	return domain == FieldDomain || strings.HasSuffix(domain, "."+FieldDomain)
}

// reserved reports keys of Fitout's own domain.
func reserved(list map[string]string, path string, add report) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if Reserved(name) {
			add(strictyaml.Join(path, name), "is Fitout's own", "use a domain of yours")
		}
	}
}

func secretNames(names []string, path string, add report) {
	for i, name := range names {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			add(fmt.Sprintf("%s[%d]", path, i), is(name), "give the name of a Secret")
		}
	}
}
