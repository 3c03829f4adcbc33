package check

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// unchanged checks that the objects that are there are as rendered; the check present is about those that are not.
func (j judge) unchanged() Row {
	there := 0
	var changed, kept []string
	for _, o := range j.addon.Objects {
		if live := j.snapshot.Live(o); live != nil {
			there++
			for _, d := range objectdiff.Differences(o, live) {
				text := fmt.Sprintf("%s %s", manifest.IDOf(o), worded(o, d))
				if slices.Contains(j.snapshot.Kept[manifest.IDOf(o)], d.Path) {
					kept = append(kept, text)
				} else {
					changed = append(changed, text)
				}
			}
		}
	}
	switch all := len(j.addon.Objects); {
	case len(changed) > 0:
		return j.row(Unchanged, Degraded, "run fitout apply", "%s", printable.FirstFew(changed))
	case there == 0 && all > 0:
		return j.row(Unchanged, Skipped, "", "no object is there to compare")
	case len(kept) > 0:
		return j.row(Unchanged, Good, "", "%d of %d objects are there, as rendered but for what is kept of others: %s", there, all, printable.FirstFew(kept))
	case there < all:
		return j.row(Unchanged, Good, "", "%d of %d objects are there, as rendered", there, all)
	}
	return j.row(Unchanged, Good, "", "as rendered, %s", short(j.addon.Digest))
}

// worded is a difference in words. Of a Secret it names the field alone.
func worded(o *manifest.Object, d objectdiff.Difference) string {
	if o.GetKind() == "Secret" {
		return d.Path + " is not as rendered"
	}
	return d.String()
}

// short cuts a digest for people.
func short(digest string) string { return digest[:min(len(digest), len("sha256:")+12)] }
