package changeset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Names are objects that a person names: Kind/namespace/name, or Kind/name for an object without a namespace or of kube-system.
type Names []string

// Has reports whether an object is named.
func (n Names) Has(id manifest.ID) bool {
	return slices.ContainsFunc(n, func(name string) bool {
		return strings.EqualFold(name, nameOf(id)) || strings.EqualFold(name, id.Kind+"/"+id.Namespace+"/"+id.Name)
	})
}

// nameOf is the shortest name of an object.
func nameOf(id manifest.ID) string {
	if id.Namespace == "" || id.Namespace == render.Namespace {
		return id.Kind + "/" + id.Name
	}
	return id.Kind + "/" + id.Namespace + "/" + id.Name
}

// A Policy says what happens to a field that Fitout sets and somebody else has set to another value.
type Policy string

// The policies.
const (
	Fail     Policy = "fail"      // the run is refused
	Leave    Policy = "keep"      // their value stays
	TakeOver Policy = "take-over" // Fitout's value is set
)

// Policies are those of a run: by addon, and the one of all others under "".
type Policies map[string]Policy

// Of returns the policy of an addon.
func (p Policies) Of(addon string) Policy {
	for _, name := range []string{addon, ""} {
		if policy, ok := p[name]; ok {
			return policy
		}
	}
	return Fail
}

// ParsePolicies reads policies as the command line has them: POLICY or ADDON=POLICY each.
func ParsePolicies(words []string) (Policies, error) {
	all := []Policy{Fail, Leave, TakeOver}
	policies := Policies{}
	for _, word := range words {
		addon, policy, named := strings.Cut(word, "=")
		if !named {
			addon, policy = "", word
		}
		if !slices.Contains(all, Policy(policy)) || named && addon == "" {
			return nil, fmt.Errorf("%q is no policy for conflicts; use fail, keep or take-over, or coredns=keep for one addon", word)
		}
		policies[addon] = Policy(policy)
	}
	return policies, nil
}
