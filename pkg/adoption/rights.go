package adoption

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// maxRights bounds the rights of a role that are compared one by one; no addon has as many.
const maxRights = 10_000

// A right is one that a rule of a role gives: a verb on a kind of resource, which names may narrow down.
type right struct{ verb, resource, names string }

// lostRights returns the rights of a live role that the wanted one does not give, a line for each resource. isRole is false for
// any other object.
func lostRights(wanted, live *manifest.Object) (lines []string, isRole bool) {
	if wanted.GetKind() != "Role" && wanted.GetKind() != "ClusterRole" {
		return nil, false
	}
	ours := rightsOf(wanted)
	verbs := map[string][]string{}
	var resources []string
	for _, r := range rightsOf(live) {
		if slices.ContainsFunc(ours, func(o right) bool { return o.covers(r) }) {
			continue
		}
		of := r.resource
		if r.names != "" {
			of += " " + r.names
		}
		if verbs[of] == nil {
			resources = append(resources, of)
		}
		if !slices.Contains(verbs[of], r.verb) {
			verbs[of] = append(verbs[of], r.verb)
		}
	}
	slices.Sort(resources)
	for _, of := range resources {
		lines = append(lines, fmt.Sprintf("rules: the right to %s %s goes", strings.Join(verbs[of], ", "), of))
	}
	return lines, true
}

func (r right) covers(other right) bool {
	_, group, _ := strings.Cut(other.resource, ".")
	return (r.verb == other.verb || r.verb == "*") && (r.names == "" || r.names == other.names) &&
		slices.Contains([]string{other.resource, "*.*", qualified("*", group)}, r.resource)
}

// qualified writes a resource with its group: deployments.apps. The core group has no name.
func qualified(resource, group string) string {
	if group == "" {
		return resource
	}
	return resource + "." + group
}

// rightsOf returns the rights that the rules of a role give.
func rightsOf(role *manifest.Object) []right {
	var all []right
	for _, rule := range elements(role, "rules") {
		names := strings.Join(texts(rule["resourceNames"]), ", ")
		var resources []string
		for _, group := range texts(rule["apiGroups"]) {
			for _, resource := range texts(rule["resources"]) {
				resources = append(resources, qualified(resource, group))
			}
		}
		resources = append(resources, texts(rule["nonResourceURLs"])...)
		for _, resource := range resources {
			for _, verb := range texts(rule["verbs"]) {
				if all = append(all, right{verb, resource, names}); len(all) == maxRights {
					return all
				}
			}
		}
	}
	return all
}
