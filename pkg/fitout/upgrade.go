package fitout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// UpgradeOptions say how an upgrade is planned and made.
type UpgradeOptions struct {
	ApplyOptions
	Accept []string      // names of decisions that are taken
	Skip   []string      // names of preconditions that are not judged
	Phase  upgrade.Phase // that Upgrade makes
	Canary CanaryPlan    // of Upgrade
}

// Validate refuses names of decisions that no upgrade of the catalogue's addons can ask for, and of preconditions that there are
// not, with the nearest.
func (o UpgradeOptions) Validate(known map[string]bundle.Addon) error {
	return errors.Join(validNames("--accept", "decision", o.Accept, upgrade.Names(known)), validNames("--skip", "precondition", o.Skip, upgrade.PreconditionNames))
}

func validNames(flag, noun string, given, names []string) error {
	for _, name := range given {
		near := strictyaml.Nearest(name, names)
		switch {
		case slices.Contains(names, name):
		case near != "":
			return fmt.Errorf("%s: %q is no %s; did you mean %s?", flag, name, noun, near)
		default:
			return fmt.Errorf("%s: %q is no %s; use one of %s", flag, name, noun, strings.Join(names, ", "))
		}
	}
	return nil
}

// PlanUpgrade says, without a cluster, what an upgrade does to one that has everything of a plan, and nothing else. nodes is
// how many nodes it has; 0 if that is not known.
func PlanUpgrade(before, after *Plan, o UpgradeOptions, nodes int) (*upgrade.Plan, error) {
	record, live, err := before.applied(nodes)
	if err != nil {
		return nil, err
	}
	target, err := after.target(after.Waves, o.Version)
	if err != nil {
		return nil, err
	}
	policies := o.Policies
	policies.Conflicts = after.conflicts(policies.Conflicts)
	set := changeset.Decide(changeset.Input{
		Minor: after.Cluster.Minor(), Addons: after.Rendering.Addons, Waves: after.Waves, Target: target, Record: record, Live: live, Options: policies,
	})
	return after.upgradePlan(record, set, o.Accept), nil
}

// upgradePlan is what the changes of an upgrade to the plan are, from what is recorded.
func (p *Plan) upgradePlan(record *inventory.Inventory, set *changeset.Set, accepted []string) *upgrade.Plan {
	before := map[string]string{}
	for name, a := range record.Addons {
		before[name] = a.Version
	}
	return upgrade.Decide(upgrade.Input{
		From: side(record.Target), To: side(p.desired()), Before: before, After: p.Rendering.Addons, Known: p.Addons, Set: set, Accepted: accepted,
	})
}

func side(t inventory.Target) upgrade.Side {
	return upgrade.Side{Kubernetes: t.Kubernetes, Bundle: t.Bundle, Digest: t.Digest}
}

// applied is a cluster that has everything of the plan, and nothing else: its record and its objects.
func (p *Plan) applied(nodes int) (*inventory.Inventory, map[manifest.ID]*manifest.Object, error) {
	record, err := p.target(p.Waves, "")
	if err != nil {
		return nil, nil, err
	}
	for i, e := range record.Entries {
		record.Entries[i].UID = types.UID(e.ID.String())
	}
	live := map[manifest.ID]*manifest.Object{}
	for _, o := range p.Rendering.Objects() {
		last, err := fieldowner.EncodeApplied(o)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", manifest.IDOf(o), err)
		}
		o = o.DeepCopy()
		o.SetUID(types.UID(manifest.IDOf(o).String()))
		annotations := o.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[fieldowner.LastApplied] = last
		o.SetAnnotations(annotations)
		if o.GetKind() == "DaemonSet" && nodes > 0 {
			if err := unstructured.SetNestedField(o.Object, int64(nodes), "status", "desiredNumberScheduled"); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", manifest.IDOf(o), err)
			}
		}
		live[manifest.IDOf(o)] = o
	}
	return record, live, nil
}
