package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// threeWayConflicts finds the conflicts that a server without server-side apply cannot tell: fields that Fitout applied
// last, that the live object has otherwise, and that are to become something else again. A field that is gone is no
// conflict, as it is none in server-side apply. Without a record of what was applied last (nil) there are none.
func threeWayConflicts(lastApplied []byte, wanted, live *manifest.Object) []Conflict {
	var last map[string]any
	if lastApplied == nil || live == nil || utiljson.Unmarshal(lastApplied, &last) != nil {
		return nil
	}
	c := comparison{wanted: wanted, live: live}
	var root strategicpatch.LookupPatchMeta
	if typed, err := mergeable.New(wanted.GroupVersionKind()); err == nil {
		if meta, err := strategicpatch.NewPatchMetaFromStruct(typed); err == nil {
			root = meta
		}
	}
	delete(last, "status") // the server keeps none that is applied
	c.maps(fieldAt{merge: root}, last, wanted.Object, live.Object)
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
	path  string                         // .spec.containers[name="a"].image
	keys  []string                       // spec, containers, image
	steps []step                         // in the live object
	merge strategicpatch.LookupPatchMeta // nil where the merge keys are not known
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
		if mergeKey, isSet := next.descend(at.merge, key, isList); isSet && lastIsList && liveIsList {
			if mergeKey != "" { // elements of a set are there or not; there is nothing in them to set
				c.elements(next, mergeKey, lastList, list, liveList)
			}
			continue
		}
		c.values(next, last[key], wanted[key], live[key])
	}
}

// descend looks up how the field is merged: by elements or as a whole, and by which key of the elements.
func (at *fieldAt) descend(parent strategicpatch.LookupPatchMeta, key string, isList bool) (mergeKey string, byElement bool) {
	if parent == nil {
		return "", false
	}
	if !isList {
		if next, _, err := parent.LookupPatchMetadataForStruct(key); err == nil {
			at.merge = next
		}
		return "", false
	}
	next, how, err := parent.LookupPatchMetadataForSlice(key)
	if err != nil {
		return "", false
	}
	at.merge = next
	return how.GetPatchMergeKey(), slices.Contains(how.GetPatchStrategies(), "merge")
}

func (c *comparison) values(at fieldAt, last, wanted, live any) {
	lastMap, lastIsMap := last.(map[string]any)
	wantedMap, isMap := wanted.(map[string]any)
	liveMap, liveIsMap := live.(map[string]any)
	if lastIsMap && isMap && liveIsMap {
		c.maps(at, lastMap, wantedMap, liveMap)
		return
	}
	if check.FieldDiffers(c.wanted, at.keys, last, live) && check.FieldDiffers(c.wanted, at.keys, wanted, live) {
		c.conflicts = append(c.conflicts, newConflict(c.wanted, strings.TrimPrefix(at.path, "."), lastManager(c.live, at.steps), wanted, live))
	}
}

// elements compares those elements of a list that all three have.
func (c *comparison) elements(at fieldAt, mergeKey string, last, wanted, live []any) {
	for _, element := range wanted {
		e, isMap := element.(map[string]any)
		if !isMap || e[mergeKey] == nil {
			continue
		}
		l, inLast := findElement(last, e, mergeKey)
		i, inLive := findElement(live, e, mergeKey)
		if inLast < 0 || inLive < 0 {
			continue
		}
		next := fieldAt{path: at.path + elementText(e, mergeKey), keys: at.keys, steps: append(slices.Clone(at.steps), step{index: inLive, inList: true}), merge: at.merge}
		c.maps(next, l, e, i)
	}
}

// findElement returns the element with the same key, and its index: -1 where there is none. Ports are also told apart by their
// protocol, as the API does though the strategic merge does not.
func findElement(list []any, like map[string]any, mergeKey string) (map[string]any, int) {
	for i, element := range list {
		e, isMap := element.(map[string]any)
		if isMap && elementText(e, mergeKey) == elementText(like, mergeKey) {
			return e, i
		}
	}
	return nil, -1
}

// elementText selects an element in a path: [containerPort=53,protocol="UDP"].
func elementText(e map[string]any, mergeKey string) string {
	text := mergeKey + "=" + keyText(e[mergeKey])
	if mergeKey == "containerPort" || mergeKey == "port" {
		protocol := e["protocol"]
		if protocol == nil {
			protocol = "TCP"
		}
		text += ",protocol=" + keyText(protocol)
	}
	return "[" + text + "]"
}
