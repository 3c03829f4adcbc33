package access

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

const rbacVersion = rbacGroup + "/v1"

// namespaces are those that must be there for the roles and the ServiceAccount, and that not every cluster has.
func namespaces(objects []*manifest.Object, to Account) []*manifest.Object {
	var out []*manifest.Object
	missing := to.Namespace != "default" && to.Namespace != "kube-system"
	for _, o := range objects {
		if o.GetKind() == "Namespace" {
			out = append(out, object("v1", "Namespace", "", o.GetName(), nil))
			missing = missing && o.GetName() != to.Namespace
		}
	}
	if missing {
		out = append(out, object("v1", "Namespace", "", to.Namespace, nil))
	}
	return out
}

// objects returns the ServiceAccount, and for each scope the role and its binding.
func (r rights) objects(to Account) []*manifest.Object {
	out := []*manifest.Object{object("v1", "ServiceAccount", to.Namespace, to.Name, nil)}
	for _, namespace := range r.scopes() {
		role := "Role"
		if namespace == "" {
			role = "ClusterRole"
		}
		var rules []any
		for _, rule := range r.rules(namespace) {
			rules = append(rules, rule.fields())
		}
		out = append(out,
			object(rbacVersion, role, namespace, to.Name, map[string]any{"rules": rules}),
			object(rbacVersion, role+"Binding", namespace, to.Name, map[string]any{
				"roleRef":  map[string]any{"apiGroup": rbacGroup, "kind": role, "name": to.Name},
				"subjects": []any{map[string]any{"kind": "ServiceAccount", "namespace": to.Namespace, "name": to.Name}},
			}))
	}
	return out
}

func (r rule) fields() map[string]any {
	if slices.Equal(r.resources, []string{url}) {
		return map[string]any{"nonResourceURLs": anyList(r.names), "verbs": anyList(r.verbs)}
	}
	fields := map[string]any{"apiGroups": []any{r.group}, "resources": anyList(r.resources), "verbs": anyList(r.verbs)}
	if len(r.names) > 0 {
		fields["resourceNames"] = anyList(r.names)
	}
	return fields
}

func object(version, kind, namespace, name string, fields map[string]any) *manifest.Object {
	o := &manifest.Object{Object: map[string]any{"apiVersion": version, "kind": kind}}
	o.SetName(name)
	o.SetNamespace(namespace)
	for key, value := range fields {
		o.Object[key] = value
	}
	return o
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
