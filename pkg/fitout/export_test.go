package fitout

import (
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Intercepted is intercepted, for tests that know who answers.
var Intercepted = intercepted

// MergeEdits is editing.merge: the object with what is kept of the live one, notes, and why it is refused.
func MergeEdits(a render.Addon, policy changeset.Policy, o, live *manifest.Object) (*manifest.Object, []string, []string) {
	e := editing{addon: a, policy: policy, serverSide: true}
	merged := e.merge(o, live)
	return merged.object, merged.notes, merged.refused
}

// Record is the record of a plan.
func Record(p *Plan) (*inventory.Inventory, error) { return p.target(p.Waves, "v1") }
