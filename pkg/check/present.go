package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// present checks that every object is there and stays: one that is being deleted is as good as gone.
func (j judge) present() Row {
	var missing, leaving []manifest.ID
	var waiting []string
	for _, o := range j.addon.Objects {
		switch live := j.snapshot.Live(o); {
		case live == nil && j.undefined[manifest.GroupKindOf(o)]:
			waiting = append(waiting, manifest.IDOf(o).String())
		case live == nil:
			missing = append(missing, manifest.IDOf(o))
		case live.GetDeletionTimestamp() != nil:
			leaving = append(leaving, manifest.IDOf(o))
		}
	}
	switch {
	case len(missing) > 0:
		row := j.row(Present, Failed, "run fitout apply", "%d of %d objects missing: %s", len(missing), len(j.addon.Objects), printable.FirstFew(missing))
		row.Lacks, row.Absent = firstOf(missing), len(missing) == len(j.addon.Objects)
		return row
	case len(waiting) > 0:
		return j.awaiting(waiting)
	case len(leaving) > 0:
		row := j.row(Present, Failed, "wait until they are gone, then run fitout apply",
			"%d of %d objects are being deleted: %s", len(leaving), len(j.addon.Objects), printable.FirstFew(leaving))
		row.About = firstOf(leaving)
		return row
	}
	return j.row(Present, Good, "", "%d objects", len(j.addon.Objects))
}

// firstOf returns the object that others of a list rest on: a namespace or a definition where there is one.
func firstOf(list []manifest.ID) manifest.ID {
	for _, kind := range []string{"Namespace", "CustomResourceDefinition"} {
		if i := slices.IndexFunc(list, func(id manifest.ID) bool { return id.Kind == kind }); i >= 0 {
			return list[i]
		}
	}
	return list[0]
}

// awaiting judges objects whose kind is not defined yet: nobody can apply them before it is.
func (j judge) awaiting(objects []string) Row {
	verdict := Pending
	if j.snapshot.AllSimulated() {
		verdict = Skipped
	}
	return j.row(Present, verdict, "run fitout apply once their kind is defined",
		"%d of %d objects wait for the definition of their kind: %s", len(objects), len(j.addon.Objects), printable.FirstFew(objects))
}
