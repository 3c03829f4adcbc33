package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
)

// everyContainer is the name under which resources in the cluster file hold for all containers of an addon.
const everyContainer = "*"

// setting is a quantity, and the field of the cluster file that gives it; "" if the bundle does.
type setting struct{ quantity, field string }

// limits reports limits below their requests, with the field that the user wrote: the API server would refuse the pods.
func (r *resolution) limits(addon string, values map[string]any) {
	given := r.out.Cluster.Addons[addon]
	if _, ok := given.Values["resources"]; !ok && len(given.Resources) == 0 {
		return
	}
	containers, _ := values["resources"].(map[string]any)
	for _, container := range slices.Sorted(maps.Keys(containers)) {
		requests := r.settings(addon, container, "requests", values)
		limits := r.settings(addon, container, "limits", values)
		r.quantities(requests)
		r.quantities(limits)
		for _, name := range slices.Sorted(maps.Keys(limits)) {
			request, ok := requests[name]
			if limit := limits[name]; ok && usable(name, limit) && usable(name, request) && below(limit.quantity, request.quantity) {
				r.limitFault(container, name, limit, request)
			}
		}
	}
}

// quantities reports those of values that no container can have. Those of resources have been checked with the cluster file.
func (r *resolution) quantities(list map[string]setting) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if s := list[name]; strings.Contains(s.field, ".values.") && !usable(name, s) {
			problem, remedy := clusterfile.UnusableQuantity(name, s.quantity)
			r.fault(s.field, problem, remedy)
		}
	}
}

func usable(name string, s setting) bool {
	problem, _ := clusterfile.UnusableQuantity(name, s.quantity)
	return problem == ""
}

func (r *resolution) limitFault(container, name string, limit, request setting) {
	if limit.field != "" {
		r.fault(limit.field, fmt.Sprintf("is %s, below the request of %s of container %s", limit.quantity, request.quantity, container),
			fmt.Sprintf("raise the limit, or lower requests.%s", name))
		return
	}
	r.fault(request.field, fmt.Sprintf("is %s, above the limit of %s of container %s", request.quantity, limit.quantity, container),
		fmt.Sprintf("lower the request, or raise limits.%s", name))
}

// settings are the requests or limits of a container by resource. The cluster file's resources override the values.
func (r *resolution) settings(addon, container, which string, values map[string]any) map[string]setting {
	out := map[string]setting{}
	given := r.out.Cluster.Addons[addon]
	for name, quantity := range mapAt(values, "resources", container, which) {
		s := setting{quantity: fmt.Sprint(quantity)}
		if _, own := mapAt(given.Values, "resources", container, which)[name]; own {
			s.field = fmt.Sprintf("addons.%s.values.resources.%s.%s.%s", addon, container, which, name)
		}
		out[name] = s
	}
	for _, key := range []string{everyContainer, container} {
		list := given.Resources[key].Requests
		if which == "limits" {
			list = given.Resources[key].Limits
		}
		for name, quantity := range list {
			out[name] = setting{quantity, fmt.Sprintf("addons.%s.resources.%s.%s.%s", addon, key, which, name)}
		}
	}
	return out
}

func mapAt(values map[string]any, path ...string) map[string]any {
	for _, name := range path {
		values, _ = values[name].(map[string]any)
	}
	return values
}

// below reports whether quantity a is less than b. What is no quantity is reported elsewhere.
func below(a, b string) bool {
	p, perr := clusterfile.ParseQuantity(a)
	q, qerr := clusterfile.ParseQuantity(b)
	return perr == nil && qerr == nil && p.Cmp(q) < 0
}
