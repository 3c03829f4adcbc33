package fitout

import "github.com/fitout-dev/fitout/pkg/inventory"

// Intercepted is intercepted, for tests that know who answers.
var Intercepted = intercepted

// Record is the record of a plan.
func Record(p *Plan) (*inventory.Inventory, error) { return p.target(p.Waves, "v1") }
