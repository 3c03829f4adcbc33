package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A verb of RBAC.
type verb string

const (
	get      verb = "get"
	list     verb = "list"
	create   verb = "create"
	patch    verb = "patch"
	update   verb = "update"
	remove   verb = "delete"
	bind     verb = "bind"
	escalate verb = "escalate"
)

// verbs are in the order in which rules name them.
var verbs = []verb{get, list, create, patch, update, remove, bind, escalate}

// anyName stands for every object of a resource.
const anyName = ""

// url stands for what is no resource: the name is the path then.
const url = "(url)"

// A target is what a right is about. Namespace is empty for what is in none; Name is anyName for all objects.
type target struct{ namespace, group, resource, name string }

// rights are the verbs that are allowed on targets.
type rights map[target]map[verb]bool

func (r rights) allow(namespace, group, resource, name string, what ...verb) {
	t := target{namespace, group, resource, name}
	if r[t] == nil {
		r[t] = map[verb]bool{}
	}
	for _, v := range what {
		r[t][v] = true
	}
}

// verbsOf returns the verbs that are allowed on a target and not on all objects of its resource anyway, in its namespace or in every one.
func (r rights) verbsOf(t target) []string {
	all, everywhere := t, target{group: t.group, resource: t.resource, name: anyName}
	all.name = anyName
	var out []string
	for _, v := range verbs {
		if r[t][v] && (t == all || !r[all][v]) && (t == everywhere || !r[everywhere][v]) {
			out = append(out, string(v))
		}
	}
	return out
}

// scopes returns the namespaces that rights are about, "" first where there are rights outside of all.
func (r rights) scopes() []string {
	set := map[string]bool{}
	for t := range r {
		set[t.namespace] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// A rule is a PolicyRule for one API group.
type rule struct {
	group     string
	resources []string
	names     []string
	verbs     []string
}

// rules returns the rules for a scope: the fewest in which no name meets a resource or a verb that it is not meant for.
func (r rights) rules(namespace string) []rule {
	merged := map[string]*rule{}
	for _, t := range slices.SortedFunc(maps.Keys(r), compareTargets) {
		allowed := r.verbsOf(t)
		if t.namespace != namespace || len(allowed) == 0 {
			continue
		}
		key := t.group + " " + strings.Join(allowed, ",")
		if t.name != anyName {
			key += " " + t.resource
		}
		if merged[key] == nil {
			merged[key] = &rule{group: t.group, verbs: allowed}
		}
		m := merged[key]
		if t.name != anyName {
			m.resources, m.names = []string{t.resource}, append(m.names, t.name)
		} else {
			m.resources = append(m.resources, t.resource)
		}
	}
	var all []rule
	for _, m := range merged {
		all = append(all, *m)
	}
	slices.SortFunc(all, compareRules)
	return all
}

func compareTargets(a, b target) int {
	return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.group, b.group), cmp.Compare(a.resource, b.resource), cmp.Compare(a.name, b.name))
}

// compareRules puts the rules of a group together, those for all objects before those for some.
func compareRules(a, b rule) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(min(len(a.names), 1), min(len(b.names), 1)),
		slices.Compare(a.resources, b.resources), slices.Compare(a.verbs, b.verbs))
}
