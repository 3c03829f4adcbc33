package parity

import (
	"cmp"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// access is who may do what. The Role objects in between do not count: what is compared is what an account may do.
type access struct {
	names    *translation
	rules    map[string][]map[string]any // of a role, by its kind, namespace and name
	roles    []*manifest.Object
	bindings []*manifest.Object
	bound    map[string]bool
}

// read takes an object of RBAC, and reports whether it is one.
func (a *access) read(o *manifest.Object) bool {
	switch o.GetKind() {
	case "Role", "ClusterRole":
		a.roles = append(a.roles, o)
		a.rules[roleKey(o.GetKind(), o.GetNamespace(), o.GetName())] = list(o.Object, "rules")
	case "RoleBinding", "ClusterRoleBinding":
		a.bindings = append(a.bindings, o)
	default:
		return false
	}
	return true
}

func roleKey(kind, namespace, name string) string {
	if kind == "ClusterRole" {
		return kind + " " + name
	}
	return kind + " " + cmp.Or(namespace, home) + "/" + name
}

// state states what each subject may do, and the rules of roles that nobody is bound to.
func (a *access) state(all *facts) {
	for _, b := range a.bindings {
		scope := ""
		if b.GetKind() == "RoleBinding" {
			scope = " in " + a.names.name("Namespace", cmp.Or(b.GetNamespace(), home))
		}
		for _, subject := range list(b.Object, "subjects") {
			a.grant(all.part(a.names.of(text(subject, "kind"), text(subject, "name"))), b, scope)
		}
	}
	for _, role := range a.roles {
		if key := roleKey(role.GetKind(), role.GetNamespace(), role.GetName()); !a.bound[key] {
			f := all.part(a.names.of(role.GetKind(), role.GetName()))
			for label := range role.GetLabels() {
				if strings.HasPrefix(label, "rbac.authorization.k8s.io/") {
					f.set("label "+label, "")
				}
			}
			for _, rule := range a.rules[key] {
				f.rule(rule, "")
			}
		}
	}
}

// grant states what a binding gives to a subject. A role that is not among the objects is one of Kubernetes' own.
func (a *access) grant(subject *facts, binding *manifest.Object, scope string) {
	kind, name := text(binding.Object, "roleRef", "kind"), text(binding.Object, "roleRef", "name")
	key := roleKey(kind, binding.GetNamespace(), name)
	a.bound[key] = true
	rules, ok := a.rules[key]
	if !ok {
		subject.set("has "+kind+" "+name+scope, "")
	}
	for _, rule := range rules {
		subject.rule(rule, scope)
	}
}

// rule states each single permission of a rule.
func (f *facts) rule(rule map[string]any, scope string) {
	names := texts(rule, "resourceNames")
	if len(names) == 0 {
		names = []string{""}
	}
	for _, verb := range texts(rule, "verbs") {
		for _, url := range texts(rule, "nonResourceURLs") {
			f.set("may "+verb+" "+url, "")
		}
		for _, group := range texts(rule, "apiGroups") {
			for _, resource := range texts(rule, "resources") {
				for _, name := range names {
					p := permission{verb, group, resource, name, scope}
					f.part(p.String()).may = &p
				}
			}
		}
	}
}

// permission is one verb on one resource; name and scope are empty where it is good for all of them.
type permission struct{ verb, group, resource, name, scope string }

// String is how a permission is stated: may get deployments.apps, may update configmaps lock in kube-system.
func (p permission) String() string {
	text := "may " + p.verb + " " + p.resource
	if p.group != "" {
		text += "." + p.group
	}
	if p.name != "" {
		text += " " + p.name
	}
	return text + p.scope
}

// includes reports whether who has p has other too.
func (p permission) includes(other permission) bool {
	wide := func(ours, theirs, all string) bool { return ours == theirs || ours == all }
	return wide(p.verb, other.verb, "*") && wide(p.group, other.group, "*") && wide(p.resource, other.resource, "*") &&
		wide(p.name, other.name, "") && wide(p.scope, other.scope, "")
}

// allows reports whether part is a permission to which one of f's is related as asked.
func (f *facts) allows(part *facts, related func(own, other permission) bool) bool {
	if part.may == nil {
		return false
	}
	for _, own := range f.parts {
		if own.may != nil && related(*own.may, *part.may) {
			return true
		}
	}
	return false
}
