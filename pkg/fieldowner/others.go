package fieldowner

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Others returns the fields that somebody other than Fitout has set to another value than the wanted one, as paths of
// objectdiff.Differences: those that the policy keep leaves alone. A field that is gone is not among them, unless it is of a map that
// is set as a whole. serverSide says that the API server keeps managed fields; without them, the object that was applied last
// tells.
func Others(wanted, live *manifest.Object, serverSide bool) []string {
	if serverSide {
		return others(wanted, live, ownedByOthers)
	}
	return others(wanted, live, changedByOthers)
}

// A teller tells whether a field is somebody else's.
type teller func(wanted, live *manifest.Object, path string) bool

// others returns the paths of differences that other finds among the fields of others.
func others(wanted, live *manifest.Object, other teller) []string {
	var paths []string
	for _, d := range objectdiff.Differences(wanted, live) {
		switch {
		case d.Got == nil && !ofOthersMap(wanted, live, d.Path, other):
		case d.Got == nil, other(wanted, live, d.Path), ofLengths(d) && withOthersElements(wanted, live, d.Path, other):
			paths = append(paths, d.Path)
		}
	}
	return paths
}

// ofOthersMap reports whether a field that is gone is of a map that somebody else has set as a whole, such as a node selector.
func ofOthersMap(wanted, live *manifest.Object, path string, other teller) bool {
	at, found := resolve("."+path, wanted.Object)
	if !found || len(at) < 2 {
		return false
	}
	last := at[len(at)-1]
	parent := strings.TrimSuffix(path, "."+last.key)
	return !last.inList && parent != path && other(wanted, live, parent)
}

// withOthersElements reports whether a list has all elements that are wanted, with nothing in them that is neither wanted nor
// somebody else's: then those beyond them are somebody else's.
func withOthersElements(wanted, live *manifest.Object, path string, other teller) bool {
	at, found := resolve("."+path, wanted.Object)
	elements, theirs := 0, true
	contentsOf(wanted, wanted.Object).Iterate(func(p fieldpath.Path) {
		steps, resolved := resolve(p.String(), wanted.Object)
		if !resolved || len(steps) <= len(at) || compareSteps(steps[:len(at)], at) != 0 {
			return
		}
		elements++
		want, _ := valueOf(wanted.Object, p)
		got, _ := valueOf(live.Object, p)
		if _, isMap := want.(map[string]any); isMap && got != nil {
			return // what is in it comes, too
		}
		if objectdiff.FieldDiffers(wanted, namesIn(p), want, got) && !other(wanted, live, strings.TrimPrefix(p.String(), ".")) {
			theirs = false
		}
	})
	return found && elements > 0 && theirs
}

// namesIn returns the names of the fields on a path.
func namesIn(p fieldpath.Path) []string {
	var names []string
	for _, e := range p {
		if e.FieldName != nil {
			names = append(names, *e.FieldName)
		}
	}
	return names
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
