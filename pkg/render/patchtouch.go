package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// immutable is the remedy for a patch that turns an object into another.
const immutable = "a patch may change or delete objects, but not their kind, name or namespace"

// kept are the fields of an object that the API server writes: what a patch says of them would be ignored.
var kept = []string{"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generateName", "generation", "managedFields", "resourceVersion", "selfLink", "uid"}

// forbidden is the fault of a partial object that touches what a patch cannot change: what the object is, the labels and
// annotations that Fitout sets itself, and what the API server writes. Without the check, all of that would have no effect.
func forbidden(partial map[string]any, id resid.ResId) *strictyaml.Fault {
	problem, remedy := touchesIdentity(partial, id)
	if problem == "" {
		problem, remedy = touchesServers(partial)
	}
	if problem == "" {
		problem, remedy = touchesReserved(partial, "")
	}
	if problem == "" {
		return nil
	}
	return &strictyaml.Fault{Field: ".patch", Problem: problem, Remedy: remedy}
}

func touchesIdentity(partial map[string]any, id resid.ResId) (problem, remedy string) {
	metadata, isMap := partial["metadata"].(map[string]any)
	if _, given := partial["metadata"]; given && !isMap {
		return "removes metadata of " + describe(id), immutable
	}
	for _, f := range []struct {
		in               map[string]any
		key, field, have string
	}{
		{partial, "apiVersion", "apiVersion", id.ApiVersion()}, {partial, "kind", "kind", id.Kind},
		{metadata, "name", "metadata.name", id.Name}, {metadata, "namespace", "metadata.namespace", id.Namespace},
	} {
		found, given := f.in[f.key]
		switch {
		case !given || found == f.have:
		case found == nil:
			return "removes " + f.field + " of " + describe(id), immutable
		default:
			return fmt.Sprintf("changes %s of %s to %q", f.field, describe(id), strictyaml.Clip(fmt.Sprint(found))), "remove " + f.field + ": " + immutable
		}
	}
	return "", ""
}

func touchesServers(partial map[string]any) (problem, remedy string) {
	if _, given := partial["status"]; given {
		return "touches status, which controllers write", "remove it"
	}
	metadata, _ := partial["metadata"].(map[string]any)
	for _, name := range kept {
		if _, given := metadata[name]; given {
			return "touches metadata." + name + ", which the API server writes", "remove it"
		}
	}
	return "", ""
}

// touchesReserved looks for labels and annotations of Fitout's own, those of pod templates too.
func touchesReserved(v any, path string) (problem, remedy string) {
	m, _ := v.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		at := strictyaml.Join(path, key)
		if strings.HasSuffix(at, "metadata.labels") || strings.HasSuffix(at, "metadata.annotations") {
			entries, _ := m[key].(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(entries)) {
				if clusterfile.Reserved(name) || at == "metadata.labels" && name == LabelManagedBy {
					return "touches " + at + " " + name + ", which Fitout sets itself", "remove it, or use a domain of yours"
				}
			}
			continue
		}
		if problem, remedy = touchesReserved(m[key], at); problem != "" {
			return problem, remedy
		}
	}
	return "", ""
}

// touched are the partial objects that stand for what operations write or remove: a null for what goes.
func touched(operations []any) []map[string]any {
	var all []map[string]any
	for _, entry := range operations {
		operation, _ := entry.(map[string]any)
		path, _ := operation["path"].(string)
		switch operation["op"] {
		case "add", "replace":
			all = append(all, partial(path, operation["value"]))
		case "remove":
			all = append(all, partial(path, nil))
		case "copy":
			all = append(all, partial(path, struct{}{}))
		case "move":
			from, _ := operation["from"].(string)
			all = append(all, partial(path, struct{}{}), partial(from, nil))
		}
	}
	return all
}

// partial is the object that has a value at a JSON pointer. Indexes of lists are keys of it.
func partial(pointer string, value any) map[string]any {
	steps := strings.Split(pointer, "/")
	for _, step := range slices.Backward(steps[1:]) {
		value = map[string]any{strings.NewReplacer("~1", "/", "~0", "~").Replace(step): value}
	}
	whole, _ := value.(map[string]any)
	return whole
}
