package upgrade

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
)

// A Decision is something about an upgrade that a person must decide on.
type Decision struct {
	Name     string       `json:"name"` // by which it is accepted; refused for what a flag of its own permits
	Addon    string       `json:"addon,omitempty"`
	Object   *manifest.ID `json:"object,omitempty"`
	Reason   string       `json:"reason"` // one line
	Remedy   string       `json:"remedy,omitempty"`
	Accepted bool         `json:"accepted"`
}

// The decisions that do not depend on an addon's data. Others have the names of addon.yaml, or, for a role whose addon changes
// or goes, that of the role.
const (
	Downgrade     = "downgrade"
	SeveralMinors = "several-minors"
	AddonVersion  = "addon-version"
	StorageClass  = "storage-class"
	StoredVersion = "stored-version"
	Refused       = "refused"
)

// Names returns the names of all decisions that there can be with the addons of a catalogue, sorted.
func Names(known map[string]bundle.Addon) []string {
	all := map[string]bool{Downgrade: true, SeveralMinors: true, AddonVersion: true, StorageClass: true, StoredVersion: true}
	for _, a := range known {
		all[a.Role] = true
		for _, d := range a.Upgrade.Decisions {
			all[d.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Undecided returns the decisions that nobody has taken.
func (p *Plan) Undecided() []Decision {
	return slices.DeleteFunc(slices.Clone(p.Decisions), func(d Decision) bool { return d.Accepted })
}

// Held reports whether something keeps the upgrade back: a decision that nobody has taken, or a precondition that is unmet.
func (p *Plan) Held() bool {
	return len(p.Undecided()) > 0 || slices.ContainsFunc(p.Preconditions, func(c Precondition) bool { return c.Verdict == Unmet })
}

// HeldBy says what keeps the upgrade back, one line each.
func (p *Plan) HeldBy() []string {
	var lines []string
	for _, d := range p.Undecided() {
		lines = append(lines, d.String())
	}
	for _, c := range p.Preconditions {
		if c.Verdict == Unmet {
			lines = append(lines, c.Lines()...)
		}
	}
	return lines
}

// decisions returns everything that a person must decide on.
func (in Input) decisions(addons []Addon) []Decision {
	all := slices.Concat(in.ofVersions(), in.ofRoles(addons), in.ofAddonVersions(addons))
	for _, c := range in.Set.All() {
		all = append(all, in.ofSettings(c)...)
		all = append(all, ofStorage(c)...)
	}
	for _, r := range in.Set.Refusals() {
		all = append(all, Decision{Name: Refused, Object: &r.Object, Reason: r.Reason, Remedy: r.Remedy})
	}
	for i, d := range all {
		if d.Name == Refused {
			continue
		}
		all[i].Accepted = slices.Contains(in.Accepted, d.Name)
		all[i].Remedy = "--accept " + d.Name
	}
	return all
}

// ofVersions is about the step from one Kubernetes minor to another.
func (in Input) ofVersions() []Decision {
	switch step := clusterfile.CompareMinors(in.To.Bundle, in.From.Bundle); {
	case step < 0:
		return []Decision{{Name: Downgrade, Reason: fmt.Sprintf("%s is older than %s: Kubernetes supports no downgrade of its API servers, and addons may not read what newer ones have stored", in.To.Bundle, in.From.Bundle)}}
	case step > 1:
		return []Decision{{Name: SeveralMinors, Reason: fmt.Sprintf("%s is %d minors after %s: API servers are upgraded one minor at a time, and so are addons", in.To.Bundle, step, in.From.Bundle)}}
	}
	return nil
}

// ofRoles is about roles of the cluster whose addon is replaced or goes.
func (in Input) ofRoles(addons []Addon) []Decision {
	var all []Decision
	for _, a := range addons {
		if a.To != "" || a.From == "" || a.Role == "" {
			continue
		}
		reason := fmt.Sprintf("%s goes, and nothing takes its place", a.Name)
		for _, other := range addons {
			if other.Role == a.Role && other.To != "" && other.From == "" {
				reason = fmt.Sprintf("%s takes the place of %s", other.Name, a.Name)
			}
		}
		all = append(all, Decision{Name: a.Role, Addon: a.Name, Reason: reason})
	}
	return all
}

// ofAddonVersions is about versions of addons that upstream does not support as one step.
func (in Input) ofAddonVersions(addons []Addon) []Decision {
	var all []Decision
	for _, a := range addons {
		from, err := version.ParseGeneric(a.From)
		to, err2 := version.ParseGeneric(a.To)
		if err != nil || err2 != nil || a.From == a.To {
			continue
		}
		rule, reason := in.Known[a.Name].Upgrade, ""
		switch {
		case to.LessThan(from):
			reason = "is a downgrade"
		case to.Major() != from.Major():
			reason = "is another major version"
		case rule.Minors > 0 && to.Minor()-from.Minor() > uint(rule.Minors):
			reason = fmt.Sprintf("skips minors: upstream supports a step of %d", rule.Minors)
		default:
			continue
		}
		if rule.Reason != "" {
			reason += "; " + rule.Reason
		}
		all = append(all, Decision{Name: AddonVersion, Addon: a.Name, Reason: fmt.Sprintf("%s %s to %s %s", a.Name, a.From, a.To, reason)})
	}
	return all
}

// ofSettings is about the settings that the addon names.
func (in Input) ofSettings(c changeset.Change) []Decision {
	if c.Wanted == nil || c.Live == nil {
		return nil
	}
	var all []Decision
	for _, rule := range in.Known[c.Addon].Upgrade.Decisions {
		if rule.Kind != c.ID.Kind || rule.Object != c.ID.Name {
			continue
		}
		before, after := settingsOf(rule, c.Live), settingsOf(rule, c.Wanted)
		for i, s := range after {
			if before[i].value != s.value {
				all = append(all, Decision{Name: rule.Name, Addon: c.Addon, Object: &c.ID,
					Reason: fmt.Sprintf("%s becomes %s instead of %s: %s", s.name, quoted(s.value), quoted(before[i].value), rule.Means)})
			}
		}
	}
	return all
}

// ofStorage is about StorageClasses that claims name, and versions of custom resources that are stored.
func ofStorage(c changeset.Change) []Decision {
	switch {
	case c.ID.Kind == "StorageClass" && c.Action == changeset.Prune:
		return []Decision{{Name: StorageClass, Addon: c.Addon, Object: &c.ID, Reason: "it goes: claims that name it wait for ever"}}
	case c.ID.Kind == "StorageClass" && c.Action == changeset.Recreate:
		return []Decision{{Name: StorageClass, Addon: c.Addon, Object: &c.ID, Reason: "new volumes are made otherwise: " + c.Reason}}
	case c.ID.Kind != "CustomResourceDefinition" || c.Live == nil || c.Wanted == nil:
		return nil
	}
	served := versionsOf(c.Wanted)
	var gone []string
	for _, v := range storedIn(c.Live) {
		if !slices.Contains(served, v) {
			gone = append(gone, v)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return []Decision{{Name: StoredVersion, Addon: c.Addon, Object: &c.ID,
		Reason: fmt.Sprintf("objects may be stored in %s, which the new definition does not have: write each again, then take the version out of status.storedVersions", strings.Join(gone, ", "))}}
}

// versionsOf returns the versions that a definition has.
func versionsOf(definition *manifest.Object) []string {
	var names []string
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		if name, ok := named(v, "name").(string); ok {
			names = append(names, name)
		}
	}
	if one, ok, _ := unstructured.NestedString(definition.Object, "spec", "version"); ok && len(names) == 0 { // v1beta1
		names = append(names, one)
	}
	return names
}

// storedIn returns the versions in which objects of a live definition may be stored.
func storedIn(definition *manifest.Object) []string {
	stored, found, _ := unstructured.NestedStringSlice(definition.Object, "status", "storedVersions")
	if found {
		return stored
	}
	var names []string
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		if name, ok := named(v, "name").(string); ok && named(v, "storage") == true {
			names = append(names, name)
		}
	}
	return names
}

func named(v any, key string) any {
	fields, _ := v.(map[string]any)
	return fields[key]
}
