// Package localedit keeps what people changed in the cluster in objects that addons declare to be edited: a Corefile's own
// zones.
package localedit

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Merge returns the wanted object with what the live one has of its own in the fields of the edits, and the names of what
// was kept: server block example.org. Merging again changes nothing. Live may be nil. Where a field cannot be read the
// error says where; then there is no telling what would be lost, and the caller decides.
func Merge(edits []bundle.Edit, wanted, live *manifest.Object) (*manifest.Object, []string, error) {
	merged, kept := wanted, []string(nil)
	for _, e := range edits {
		if live == nil || e.Kind != wanted.GetKind() || e.Name != wanted.GetName() {
			continue
		}
		path := strings.SplitN(e.Field, ".", 2) // the key itself may hold dots
		ours, _, _ := unstructured.NestedString(merged.Object, path...)
		theirs, _, _ := unstructured.NestedString(live.Object, path...)
		text, names, err := mergeZones(ours, theirs)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %s: %w", manifest.IDOf(wanted), e.Field, err)
		}
		if len(names) == 0 {
			continue
		}
		merged = merged.DeepCopy()
		if err := unstructured.SetNestedField(merged.Object, text, path...); err != nil {
			return nil, nil, fmt.Errorf("%s: %s: %w; render it as a map of texts", manifest.IDOf(wanted), e.Field, err)
		}
		kept = append(kept, names...)
	}
	return merged, kept, nil
}
