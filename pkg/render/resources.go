package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// everyContainer is the name under which resources hold for all containers of an addon.
const everyContainer = "*"

// setResources lays a user's resources over the containers of an addon's workloads. Init containers keep theirs: they
// run before anything that competes with them.
func setResources(objects []*manifest.Object, addon string, resources map[string]clusterfile.Resources) error {
	if len(resources) == 0 {
		return nil
	}
	matched, all := map[string]bool{everyContainer: true}, map[string]bool{}
	for _, o := range objects {
		containers, ok, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		if err != nil || !ok {
			continue
		}
		for _, c := range containers {
			container := c.(map[string]any)
			name, _ := container["name"].(string)
			all[name] = true
			for _, key := range []string{everyContainer, name} {
				if r, ok := resources[key]; ok {
					matched[key] = true
					overlay(container, "requests", r.Requests)
					overlay(container, "limits", r.Limits)
				}
			}
		}
		if err := unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers"); err != nil {
			return err
		}
	}
	var faults strictyaml.Faults
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		if !matched[name] {
			faults = append(faults, strictyaml.Fault{Field: fmt.Sprintf("addons.%s.resources.%s", addon, name), Problem: "is not a container of the addon",
				Remedy: "use one of " + strings.Join(slices.Sorted(maps.Keys(all)), ", ") + ", or *"})
		}
	}
	return faults.ErrorOrNil()
}

func overlay(container map[string]any, which string, quantities map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(quantities)) {
		resources, _ := container["resources"].(map[string]any)
		if resources == nil {
			resources = map[string]any{}
			container["resources"] = resources
		}
		list, _ := resources[which].(map[string]any)
		if list == nil {
			list = map[string]any{}
			resources[which] = list
		}
		list[name] = quantities[name]
	}
}
