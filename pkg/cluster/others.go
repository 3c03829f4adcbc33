package cluster

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Others returns the fields that somebody else than Fitout has set to something else than what is wanted, as paths of
// check.Differences: those that the policy keep leaves as they are. A field that is gone is not among them.
func (c *Client) Others(wanted, live *manifest.Object) []string {
	other := ownedByOthers
	if !c.atLeast(serverSideApplyFrom) {
		other = changedByOthers
	}
	return others(wanted, live, other)
}

// others returns the paths of differences that other finds among the fields of others.
func others(wanted, live *manifest.Object, other func(wanted, live *manifest.Object, path string) bool) []string {
	var paths []string
	for _, d := range check.Differences(wanted, live) {
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
	applied, err := decodeApplied(live)
	at, found := resolve("."+path, wanted.Object)
	return err == nil && found && slices.ContainsFunc(threeWayConflicts(applied, wanted, live), func(c Conflict) bool {
		steps, found := resolve("."+c.Field, wanted.Object)
		return found && compareSteps(steps, at) == 0
	})
}
