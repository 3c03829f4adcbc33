package fieldowner

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Others returns the fields that somebody other than Fitout has set to another value than the wanted one, as paths of
// objectdiff.Differences: those that the policy keep leaves alone. A field that is gone is not among them. serverSide says
// that the API server keeps managed fields; without them, the object that was applied last tells.
func Others(wanted, live *manifest.Object, serverSide bool) []string {
	if serverSide {
		return others(wanted, live, ownedByOthers)
	}
	return others(wanted, live, changedByOthers)
}

// others returns the paths of differences that other finds among the fields of others.
func others(wanted, live *manifest.Object, other func(wanted, live *manifest.Object, path string) bool) []string {
	var paths []string
	for _, d := range objectdiff.Differences(wanted, live) {
		if d.Got != nil && other(wanted, live, d.Path) {
			paths = append(paths, d.Path)
		}
	}
	return paths
}

// ownedByOthers tells by the server's account of who manages a field. Who owns the field itself goes before who owns a map or
// list that it is in.
func ownedByOthers(_, live *manifest.Object, path string) bool {
	at, found := resolve("."+path, live.Object)
	if !found {
		return false
	}
	entries, _, _ := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
	ours, theirs := 0, 0 // steps down to what each owns
	for _, entry := range entries {
		e, _ := entry.(map[string]any)
		fields, _ := e["fieldsV1"].(map[string]any)
		steps, owned := owns(fields, live.Object, at)
		switch {
		case !owned:
		case e["manager"] == FieldManager:
			ours = max(ours, steps)
		default:
			theirs = max(theirs, steps)
		}
	}
	return theirs > ours
}

// changedByOthers tells by what Fitout applied last.
func changedByOthers(wanted, live *manifest.Object, path string) bool {
	applied, err := DecodeApplied(live)
	at, found := resolve("."+path, wanted.Object)
	return err == nil && found && slices.ContainsFunc(SinceLastApplied(applied, wanted, live), func(c Conflict) bool {
		steps, found := resolve("."+c.Field, wanted.Object)
		return found && compareSteps(steps, at) == 0
	})
}
