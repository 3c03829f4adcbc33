package inventory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// Known is what is known of the live objects when applying begins, and what to do about those that others have a part in.
type Known struct {
	// Live are the objects that were found. What is not among them may still be there.
	Live map[manifest.ID]*manifest.Object
	// Settled are the objects that need no request.
	Settled map[manifest.ID]bool
	// Recreate are the objects to delete and to create again, since a field cannot be changed.
	Recreate map[manifest.ID]bool
	// Adopt are the objects to take over from the tool that installed them.
	Adopt map[manifest.ID]bool
	// Conflicts says what happens to fields that others manage.
	Conflicts Policies
}

// SettledIn returns the objects that need no request: what is wanted of them is what the record says was applied last, and
// the live one still is so, and Fitout's. target has the digests of the objects; record may be nil.
func (k Known) SettledIn(record, target *Inventory, objects []*manifest.Object) map[manifest.ID]bool {
	settled := map[manifest.ID]bool{}
	if record == nil {
		return settled
	}
	applied, wanted := record.digests(), target.digests()
	for _, o := range objects {
		id := manifest.IDOf(o)
		live := k.Live[id]
		if live == nil || k.Adopt[id] || live.GetDeletionTimestamp() != nil || !Owned(live) || applied[id] != wanted[id] {
			continue
		}
		settled[id] = len(check.Differences(o, live)) == 0
	}
	return settled
}

// DigestOf returns the digest of one object as it stands in an Entry: sha256, cut to 64 bits, since it is compared with
// that of the same object alone.
func DigestOf(o *manifest.Object) string {
	digest, err := manifest.Digest([]*manifest.Object{o})
	if err != nil {
		return "" // what is no JSON cannot be applied either, which says so
	}
	return strings.TrimPrefix(digest, "sha256:")[:16]
}

// Names are objects that a person names: Kind/name, or Kind/namespace/name.
type Names []string

// Has reports whether an object is named.
func (n Names) Has(id manifest.ID) bool {
	return slices.ContainsFunc(n, func(name string) bool {
		return strings.EqualFold(name, id.Kind+"/"+id.Name) || strings.EqualFold(name, id.Kind+"/"+id.Namespace+"/"+id.Name)
	})
}

// A Policy says what happens to a field that Fitout sets and somebody else manages.
type Policy string

// The policies.
const (
	Fail     Policy = "fail"      // the object is not applied, and the run is refused
	Keep     Policy = "keep"      // theirs stays
	TakeOver Policy = "take-over" // ours is set
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

// ParsePolicies reads policies as they stand on the command line: POLICY or ADDON=POLICY each.
func ParsePolicies(words []string) (Policies, error) {
	all := []Policy{Fail, Keep, TakeOver}
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
