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

// ownedByOthers tells by the server's account of who manages a field.
func ownedByOthers(_, live *manifest.Object, path string) bool {
	at, found := resolve("."+path, live.Object)
	if !found {
		return false
	}
	entries, _, _ := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
	theirs := false
	for _, entry := range entries {
		e, _ := entry.(map[string]any)
		fields, _ := e["fieldsV1"].(map[string]any)
		if !owns(fields, live.Object, at) {
			continue
		}
		if e["manager"] == FieldManager {
			return false
		}
		theirs = true
	}
	return theirs
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
