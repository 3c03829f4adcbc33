package upgrade

import "github.com/fitout-dev/fitout/pkg/bundle"

// A Phase is a part of an upgrade, between which others upgrade the control plane and the nodes.
type Phase string

// The phases, in their order.
const (
	BeforeControlPlane Phase = "before-control-plane" // the API servers are still of the old minor
	AfterControlPlane  Phase = "after-control-plane"  // all API servers are of the new minor
	AfterNodes         Phase = "after-nodes"          // all kubelets are, too; what is no longer wanted goes
)

// Phases lists all phases, in their order.
var Phases = []Phase{BeforeControlPlane, AfterControlPlane, AfterNodes}

// PhaseOf returns the phase in which an addon is applied: after the control plane, since a bundle is made for its minor, unless
// the addon says that its versions run on the minor before, too.
func PhaseOf(a bundle.Addon) Phase {
	if a.Upgrade.Early {
		return BeforeControlPlane
	}
	return AfterControlPlane
}
