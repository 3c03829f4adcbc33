package provider

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Source is an object that configures a workload. What belongs to no namespace has none.
type Source struct {
	Resource        schema.GroupVersionResource
	Namespace, Name string
}

// Sources returns the objects that rules read settings of the observed workloads from.
func Sources(rules []bundle.Provider, o Observed) []Source {
	var all []Source
	seen := map[Source]bool{}
	for _, rule := range rules {
		if rule.Workload.Settings.Name == "" {
			continue
		}
		workload := compile(rule.Workload)
		for _, w := range o.Workloads {
			if source := sourceOf(rule.Workload.Settings, w); !seen[source] && workload.applies(w) {
				seen[source] = true
				all = append(all, source)
			}
		}
	}
	return all
}

func sourceOf(s bundle.Setting, workload *manifest.Object) Source {
	resource, namespaced := s.GVR()
	source := Source{Resource: resource, Name: s.Name}
	if namespaced {
		source.Namespace = workload.GetNamespace()
	}
	return source
}

// set reports whether a workload is configured as the rule wants it.
func (r workloadRule) set(workload *manifest.Object, settings map[Source]*manifest.Object) bool {
	if r.Settings.Name == "" {
		return true
	}
	object := settings[sourceOf(r.Settings, workload)]
	if object == nil {
		return false
	}
	value, found, _ := unstructured.NestedFieldNoCopy(object.Object, r.Settings.Keys()...)
	return found && r.setting(fmt.Sprint(value))
}
