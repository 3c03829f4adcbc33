package check_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A Secret that somebody changed is told of by its field: neither value is in any report.
func TestSecretsAreNotTold(t *testing.T) {
	wanted, live := &manifest.Object{}, &manifest.Object{}
	for o, value := range map[*manifest.Object]string{wanted: "b3Vycw==", live: "dGhlaXJz"} {
		o.Object = map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s", "namespace": "x"}, "data": map[string]any{"key": value}}
	}
	addon := render.Addon{Addon: bundle.Addon{Name: "a"}, Objects: []*manifest.Object{wanted}}
	snapshot := observed.Snapshot{Objects: map[manifest.ID]*manifest.Object{manifest.IDOf(live): live}}
	for _, row := range check.Judge([]render.Addon{addon}, snapshot) {
		if strings.Contains(row.Detail, "b3Vycw") || strings.Contains(row.Detail, "dGhlaXJz") {
			t.Errorf("the row %s tells a value: %s", row.Check, row.Detail)
		}
		if row.Check == check.Unchanged && (row.Verdict != check.Degraded || !strings.Contains(row.Detail, "Secret x/s data.key is not as rendered")) {
			t.Errorf("%+v", row)
		}
	}
}
