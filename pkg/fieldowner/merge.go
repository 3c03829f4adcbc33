package fieldowner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Merge returns what server-side apply would make of the live object: wanted fields are set, fields that were applied last
// and are no longer wanted go, and all others stay. record is the object as it was applied last, as JSON; nil if there is none.
//
// It is not a strategic merge patch because that tells the ports of a container and of a Service apart by their number
// alone: of 53/UDP and 53/TCP, which a cluster's DNS has, a server (tried on 1.18) changes the wrong one, drops one that
// is added, and takes both away where one is to go.
func Merge(record []byte, wanted, live *manifest.Object) (*manifest.Object, error) {
	var last map[string]any
	if record != nil {
		if err := utiljson.Unmarshal(record, &last); err != nil {
			return nil, fmt.Errorf("%s: the record of what was applied last: %w; remove the annotation %s", manifest.IDOf(wanted), err, LastApplied)
		}
	}
	wanted = wanted.DeepCopy()
	dropNulls(wanted.Object)
	dropNulls(last)
	return &manifest.Object{Object: mergeMaps(howObjectsMerge(wanted), last, wanted.Object, live.DeepCopy().Object)}, nil
}

// dropNulls takes fields out of maps that are null, which stands for not being set.
func dropNulls(node any) {
	switch n := node.(type) {
	case map[string]any:
		maps.DeleteFunc(n, func(_ string, value any) bool { return value == nil })
		for _, value := range n {
			dropNulls(value)
		}
	case []any:
		for _, value := range n {
			dropNulls(value)
		}
	}
}

// mergeMaps changes the live map.
func mergeMaps(meta strategicpatch.LookupPatchMeta, last, wanted, live map[string]any) map[string]any {
	for _, key := range slices.Sorted(maps.Keys(last)) {
		if _, isSet := wanted[key]; isSet {
			continue
		}
		lastMap, wasMap := last[key].(map[string]any)
		liveMap, isMap := live[key].(map[string]any)
		if wasMap && isMap && howMerged(meta, key, false).free {
			for k := range lastMap {
				delete(liveMap, k)
			}
			continue
		}
		if left := othersElements(meta, key, last[key], live[key]); len(left) > 0 {
			live[key] = left
			continue
		}
		delete(live, key)
	}
	for key, value := range wanted {
		_, isList := value.([]any)
		live[key] = mergeValues(howMerged(meta, key, isList), last[key], value, live[key])
	}
	return live
}

// othersElements returns the elements that others have in a list that is no longer wanted.
func othersElements(meta strategicpatch.LookupPatchMeta, key string, last, live any) []any {
	lastList, wasList := last.([]any)
	liveList, isList := live.([]any)
	how := howMerged(meta, key, true)
	if !wasList || !isList || !how.byElement {
		return nil
	}
	return mergeLists(how, lastList, nil, liveList)
}

func mergeValues(how manner, last, wanted, live any) any {
	switch w := wanted.(type) {
	case map[string]any:
		liveMap, isMap := live.(map[string]any)
		if !isMap || how.atomic {
			return wanted
		}
		lastMap, _ := last.(map[string]any)
		return mergeFields(how, lastMap, w, liveMap)
	case []any:
		liveList, isList := live.([]any)
		if !isList || !how.byElement {
			return wanted
		}
		lastList, _ := last.([]any)
		return mergeLists(how, lastList, w, liveList)
	}
	return wanted
}

// mergeFields merges a map that is the value of a field or an element of a list.
func mergeFields(how manner, last, wanted, live map[string]any) map[string]any {
	if how.retain {
		maps.DeleteFunc(live, func(key string, _ any) bool { _, isSet := wanted[key]; return !isSet })
	}
	return mergeMaps(how.next, last, wanted, live)
}

// mergeLists merges lists by their elements. Those that are wanted stand in the wanted order; others stay where they are
// between them, since the order of containers matters.
func mergeLists(how manner, last, wanted, live []any) []any {
	merged := []any{} // not null
	kept := slices.DeleteFunc(slices.Clone(live), func(e any) bool {
		return !how.holds(wanted, e) && how.holds(last, e)
	})
	for _, w := range wanted {
		if i := how.index(kept, w); i >= 0 {
			// Others in front of it come first.
			for len(kept) > 0 && !how.holds(wanted, kept[0]) {
				merged, kept = append(merged, kept[0]), kept[1:]
			}
			i = how.index(kept, w)
			merged = append(merged, how.element(last, w, kept[i]))
			kept = slices.Delete(slices.Clone(kept), i, i+1)
			continue
		}
		merged = append(merged, w)
	}
	for _, e := range kept {
		if !how.holds(wanted, e) {
			merged = append(merged, e)
		}
	}
	return merged
}

// element merges one element of a list.
func (how manner) element(last []any, wanted, live any) any {
	w, isMap := wanted.(map[string]any)
	l, liveIsMap := live.(map[string]any)
	if !isMap || !liveIsMap {
		return wanted
	}
	var before map[string]any
	if i := how.index(last, wanted); i >= 0 {
		before, _ = last[i].(map[string]any)
	}
	return mergeFields(how, before, w, l)
}
