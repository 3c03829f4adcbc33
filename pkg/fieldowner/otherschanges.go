package fieldowner

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// SinceLastApplied finds the conflicts that a server without server-side apply does not detect: fields that Fitout applied
// last, that the live object has otherwise, and that are to become something else again. A field that is gone is no
// conflict, as it is none in server-side apply. Without a record of what was applied last (nil) there are none.
func SinceLastApplied(applied []byte, wanted, live *manifest.Object) []Conflict {
	var last map[string]any
	if applied == nil || live == nil || utiljson.Unmarshal(applied, &last) != nil {
		return nil
	}
	c := comparison{wanted: wanted, live: live}
	delete(last, "status") // the server keeps none that is applied
	c.maps(fieldAt{merge: howObjectsMerge(wanted)}, last, wanted.Object, live.Object)
	slices.SortStableFunc(c.conflicts, func(a, b Conflict) int { return cmp.Compare(a.Field, b.Field) })
	return c.conflicts
}

// A comparison collects the conflicts of one object.
type comparison struct {
	wanted, live *manifest.Object
	conflicts    []Conflict
}

// A fieldAt is where a comparison stands.
type fieldAt struct {
	path   string                         // .spec.containers[name="a"].image
	keys   []string                       // spec, containers, image
	steps  []step                         // in the live object
	merge  strategicpatch.LookupPatchMeta // nil where the merge keys are not known
	atomic bool                           // it is set as a whole
}

func (c *comparison) maps(at fieldAt, last, wanted, live map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if wanted[key] == nil || last[key] == nil || live[key] == nil {
			continue
		}
		next := fieldAt{path: at.path + "." + key, keys: append(slices.Clone(at.keys), key), steps: append(slices.Clone(at.steps), step{key: key})}
		list, isList := wanted[key].([]any)
		lastList, lastIsList := last[key].([]any)
		liveList, liveIsList := live[key].([]any)
		how := howMerged(at.merge, key, isList)
		next.merge = how.next
		if how.byElement && lastIsList && liveIsList {
			if how.key != "" { // elements of a set are there or not; there is nothing in them to set
				c.elements(next, how, lastList, list, liveList)
			}
			continue
		}
		next.atomic = how.atomic
		c.values(next, last[key], wanted[key], live[key])
	}
}

func (c *comparison) values(at fieldAt, last, wanted, live any) {
	lastMap, lastIsMap := last.(map[string]any)
	wantedMap, isMap := wanted.(map[string]any)
	liveMap, liveIsMap := live.(map[string]any)
	if lastIsMap && isMap && liveIsMap && !at.atomic {
		c.maps(at, lastMap, wantedMap, liveMap)
		return
	}
	if objectdiff.FieldDiffers(c.wanted, at.keys, last, live) && objectdiff.FieldDiffers(c.wanted, at.keys, wanted, live) {
		c.conflicts = append(c.conflicts, newConflict(c.wanted, strings.TrimPrefix(at.path, "."), lastManager(c.live, at.steps), wanted, live))
	}
}

// elements compares those elements of a list that all three have.
func (c *comparison) elements(at fieldAt, how manner, last, wanted, live []any) {
	for _, element := range wanted {
		e, isMap := element.(map[string]any)
		inLast, inLive := how.index(last, element), how.index(live, element)
		if !isMap || e[how.key] == nil || inLast < 0 || inLive < 0 {
			continue
		}
		next := fieldAt{path: at.path + elementText(e, how.key), keys: at.keys, steps: append(slices.Clone(at.steps), step{index: inLive, inList: true}), merge: at.merge}
		c.values(next, last[inLast], element, live[inLive])
	}
}
