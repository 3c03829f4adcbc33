package fitout

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A check says so of an inventory that the next run could not read, whichever field is damaged.
func TestJudgeInventory(t *testing.T) {
	whole := func() *manifest.Object {
		o, err := (&inventory.Inventory{State: inventory.Complete, Fitout: "test", Target: inventory.Target{Bundle: "1.36", Kubernetes: "v1.36.4",
			Digest: "sha256:" + strings.Repeat("0", 64)}, Addons: map[string]inventory.Addon{}}).Object()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	judged := func(o *manifest.Object) check.Row {
		return judgeInventory([]check.Row{{Addon: "net", Check: check.Unchanged, Verdict: check.Good}, {Addon: render.ManagedBy, Check: check.Unchanged, Verdict: check.Good}}, o)[1]
	}
	for _, o := range []*manifest.Object{nil, whole()} {
		if row := judged(o); row.Verdict != check.Good {
			t.Errorf("%+v", row)
		}
	}
	for _, damage := range [][]string{{"data", "fitout", "\x1b[2J"}, {"data", "addons.json", "{"}, {"data", "previous.json", "[1]"}, {"data", "state", "done"}, {"binaryData", "objects.json.gz", "AAAA"}} {
		o := whole()
		if err := unstructured.SetNestedField(o.Object, damage[2], damage[0], damage[1]); err != nil {
			t.Fatal(err)
		}
		if row := judged(o); row.Verdict != check.Degraded || !strings.Contains(row.Detail, "cannot be read: ") || row.Remedy == "" {
			t.Errorf("%v: %+v", damage, row)
		}
	}
}
