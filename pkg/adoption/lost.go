package adoption

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
)

// Lost returns what of a live object of another installer is gone once the wanted one is applied in its place, a line for each
// setting: fields that get another value and fields that go, a Corefile line by line, YAML in a ConfigMap field by field, and a
// role right by right. Left out is what an addon has of its own: labels, annotations, images, the names of volumes. edits are the
// addon's; the wanted object has what they keep.
func Lost(edits []bundle.Edit, wanted, live *manifest.Object) []string {
	live = sameVolumeNames(wanted, live)
	var lines []string
	if lost, isRole := lostRights(wanted, live); isRole {
		lines = lost
	} else {
		for _, d := range fieldowner.Overridden(wanted, live) {
			if !belongsToAddon(d.Path) && !tolerated(wanted, d) {
				lines = append(lines, changed(edits, wanted, d)...)
			}
		}
	}
	for _, f := range fieldowner.Leaving(wanted, live) {
		if line := goes(wanted, f); !belongsToAddon(f.Path) && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// belongsToAddon reports whether a field says what an addon is, and not how somebody has set it.
func belongsToAddon(path string) bool {
	return strings.HasPrefix(path, "metadata.") || strings.HasPrefix(path, "spec.template.metadata.") ||
		strings.HasSuffix(path, ".image") || strings.HasSuffix(path, ".targetPort") ||
		strings.Contains(path, ".volumeMounts[") && strings.HasSuffix(path, "].name")
}

// tolerated reports whether a toleration that goes is part of one that is wanted: of every taint.
func tolerated(wanted *manifest.Object, d objectdiff.Difference) bool {
	list, isPod := strings.CutSuffix(d.Path[:strings.LastIndex(d.Path, ".")+1], ".")
	if !isPod || !strings.HasPrefix(d.Path[len(list)+1:], "tolerations[") {
		return false
	}
	for _, t := range elements(wanted, append(strings.Split(list, "."), "tolerations")...) {
		if t["operator"] == "Exists" && t["key"] == nil && t["effect"] == nil {
			return true
		}
	}
	return false
}

// hidden stands for a value that may be a credential.
const hidden = "(hidden)"

// shown is a value on one line; those of a Secret and of environment variables are hidden.
func shown(o *manifest.Object, path string, value any) string {
	if o.GetKind() == "Secret" || strings.Contains(path, ".env[") {
		return hidden
	}
	if text, err := json.Marshal(value); err == nil && len(text) <= maxShown {
		if s, isText := value.(string); !isText {
			return string(text)
		} else if !strings.Contains(s, "\n") {
			return s
		}
	}
	return objectdiff.Short(value)
}

// maxShown is how much of a value is shown whole, in bytes: whoever accepts its loss must know what it is.
const maxShown = 400

func goes(o *manifest.Object, d objectdiff.Difference) string {
	return fmt.Sprintf("%s is %s, and goes", d.Path, shown(o, d.Path, d.Got))
}

// changed says how a field is lost that gets another value, or goes.
func changed(edits []bundle.Edit, wanted *manifest.Object, d objectdiff.Difference) []string {
	if d.Want == nil {
		return []string{goes(wanted, d)}
	}
	want, wantsText := d.Want.(string)
	got, isText := d.Got.(string)
	if shown(wanted, d.Path, "") == hidden {
		return []string{fmt.Sprintf("%s gets another value (both hidden)", d.Path)}
	}
	if wantsText && isText {
		for _, e := range edits {
			if e.Of(wanted.GetKind(), wanted.GetName()) && e.Field == d.Path {
				return corefileLines(want, got)
			}
		}
		if theirs, ours := decoded(got), decoded(want); theirs != nil && ours != nil {
			return configLines(d.Path, ours, theirs)
		}
	}
	field, is, becomes := d.Shown()
	return []string{fmt.Sprintf("%s is %s, becomes %s", field, is, becomes)}
}

func configLines(path string, ours, theirs map[string]any) []string {
	var lines []string
	for _, f := range inLists(textDifferences(path, ours, theirs)) {
		if f.Want == nil {
			lines = append(lines, fmt.Sprintf("%s is %s, and goes", f.Path, objectdiff.Short(f.Got)))
			continue
		}
		field, is, becomes := f.Shown()
		lines = append(lines, fmt.Sprintf("%s is %s, becomes %s", field, is, becomes))
	}
	return lines
}

// inLists replaces the differences of lists that are as long as each other by those of their elements.
func inLists(differences []objectdiff.Difference) []objectdiff.Difference {
	var all []objectdiff.Difference
	for _, d := range differences {
		ours, isOurs := d.Want.([]any)
		theirs, isTheirs := d.Got.([]any)
		if !isOurs || !isTheirs || len(ours) != len(theirs) {
			all = append(all, d)
			continue
		}
		for i := range theirs {
			at := fmt.Sprintf("%s[%d]", d.Path, i)
			o, oursIsMap := ours[i].(map[string]any)
			t, theirsIsMap := theirs[i].(map[string]any)
			switch {
			case oursIsMap && theirsIsMap:
				all = append(all, textDifferences(at, o, t)...)
			case fmt.Sprint(ours[i]) != fmt.Sprint(theirs[i]):
				all = append(all, objectdiff.Difference{Path: at, Want: ours[i], Got: theirs[i]})
			}
		}
	}
	return all
}
