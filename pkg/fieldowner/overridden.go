package fieldowner

import (
	"maps"
	"slices"
	"strconv"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Overridden returns the fields of a live object that get another value once the wanted one is applied. Elements of lists are
// compared by what they are known by. What is set as a whole, a node selector or the arguments of a container, loses what the
// wanted one does not have: those have no Want.
func Overridden(wanted, live *manifest.Object) []objectdiff.Difference {
	o := overrides{object: wanted}
	o.fields(howObjectsMerge(wanted), wanted.Object, live.Object, nil, "")
	return o.found
}

type overrides struct {
	object *manifest.Object
	found  []objectdiff.Difference
}

// fields compares the fields of two maps, which names lead to.
func (o *overrides) fields(meta strategicpatch.LookupPatchMeta, wanted, live map[string]any, names []string, path string) {
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if names == nil && key == "status" || wanted[key] == nil || live[key] == nil {
			continue
		}
		_, isList := wanted[key].([]any)
		at := key
		if path != "" {
			at = path + "." + key
		}
		o.values(howMerged(meta, key, isList), wanted[key], live[key], append(slices.Clone(names), key), at)
	}
}

func (o *overrides) values(how manner, wanted, live any, names []string, path string) {
	switch w := wanted.(type) {
	case map[string]any:
		if l, isMap := live.(map[string]any); isMap {
			o.fields(how.next, w, l, names, path)
			if how.atomic {
				o.surplus(w, l, names, path)
			}
			return
		}
	case []any:
		if l, isList := live.([]any); isList {
			o.lists(how, w, l, names, path)
			return
		}
	}
	if objectdiff.FieldDiffers(o.object, names, wanted, live) {
		o.found = append(o.found, objectdiff.Difference{Path: path, Want: wanted, Got: live})
	}
}

// surplus finds the keys of a map that is set as a whole.
func (o *overrides) surplus(wanted, live map[string]any, names []string, path string) {
	for _, key := range slices.Sorted(maps.Keys(live)) {
		if wanted[key] == nil && live[key] != nil && !saysNothing(o.object, append(slices.Clone(names), key), live[key]) {
			o.found = append(o.found, objectdiff.Difference{Path: path + "." + key, Got: live[key]})
		}
	}
}

// lists compares two lists: by their elements where each side may have some of its own; otherwise what the wanted one lacks goes.
func (o *overrides) lists(how manner, wanted, live []any, names []string, path string) {
	for i, element := range live {
		at := path + "[" + strconv.Itoa(i) + "]"
		same := slices.IndexFunc(wanted, func(w any) bool { return !o.differ(w, element, names) })
		switch {
		case same >= 0:
		case how.byElement:
			if i := how.index(wanted, element); i >= 0 {
				o.values(manner{next: how.next}, wanted[i], element, names, path+how.id(element))
			}
		default:
			o.found = append(o.found, objectdiff.Difference{Path: at, Got: element})
		}
	}
}

func (o *overrides) differ(wanted, live any, names []string) bool {
	return objectdiff.FieldDiffers(o.object, names, wanted, live) || objectdiff.FieldDiffers(o.object, names, live, wanted)
}
