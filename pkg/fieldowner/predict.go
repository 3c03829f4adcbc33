package fieldowner

import (
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Conflicts returns the conflicts that applying the wanted object to the live one would meet, without asking the server. A
// list in which the two have different numbers of elements is left out: whether its elements conflict is for the server to
// say. The error is that of a record of the last apply that cannot be read.
func Conflicts(wanted, live *manifest.Object, serverSide bool) ([]Conflict, error) {
	if !serverSide {
		return threeWay(wanted, live)
	}
	var conflicts []Conflict
	for _, d := range objectdiff.Differences(wanted, live) {
		if d.Got == nil || ofLengths(d) || !ownedByOthers(wanted, live, d.Path) {
			continue
		}
		at, _ := resolve("."+d.Path, live.Object) // ownedByOthers has resolved it
		conflicts = append(conflicts, newConflict(wanted, d.Path, lastManager(live, at), d.Want, d.Got))
	}
	return conflicts, nil
}

// ofLengths reports whether a difference is that of the lengths of two lists.
func ofLengths(d objectdiff.Difference) bool {
	want, wantsList := d.Want.([]any)
	got, hasList := d.Got.([]any)
	return wantsList && hasList && len(want) != len(got)
}

func threeWay(wanted, live *manifest.Object) ([]Conflict, error) {
	applied, err := DecodeApplied(live)
	if err != nil {
		return nil, err
	}
	if applied == nil && live.GetLabels()[render.LabelAddon] == "" {
		return Foreign(wanted, live), nil
	}
	return SinceLastApplied(applied, wanted, live), nil
}

// Foreign returns the conflicts with an object that Fitout never applied: every field of it, outside its metadata, that has
// another value than the wanted one.
func Foreign(wanted, live *manifest.Object) []Conflict {
	var conflicts []Conflict
	for _, d := range objectdiff.Differences(wanted, live) {
		if !strings.HasPrefix(d.Path, "metadata.") && d.Got != nil {
			conflicts = append(conflicts, newConflict(wanted, d.Path, unknownManager, d.Want, d.Got))
		}
	}
	return conflicts
}
