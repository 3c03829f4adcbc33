// Package access says which rights a run of Fitout needs on a cluster, and prints them as RBAC objects: a Role for each
// namespace, a ClusterRole for the rest, and their bindings to one ServiceAccount. It is a pure function of what is
// rendered; that the rights suffice, and that none is idle, is proved by tests on real API servers.
package access

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Run is what rights are asked for.
type Run struct {
	Objects []*manifest.Object // everything rendered
	Sought  []*manifest.Object // what others create and a run looks for, by name
	Kinds   manifest.Kinds     // of Objects, of Sought and of Replaced
	// Replaced are the objects of what the cluster was fitted out with before. Those that are no longer among Objects are
	// removed.
	Replaced []*manifest.Object
	// ServerSide says that objects are applied by server-side apply, whose creations the server can limit by name.
	ServerSide bool
	// ServiceCIDRs says that the server serves ServiceCIDRs, which facts are read from.
	ServiceCIDRs bool
	// ReadOnly leaves out what only changing the cluster needs.
	ReadOnly bool
	// Upgrade adds what an upgrade looks at, and what replaces pods of the network on some nodes first.
	Upgrade bool
	// Networks are the namespaces of the DaemonSets of the pod network.
	Networks []string
	// Agents are the namespaces of the pods in which agents are asked how they are: commands are run there.
	Agents []string
}

// An Account is the ServiceAccount that gets the rights. The roles and their bindings have its name.
type Account struct{ Namespace, Name string }

const rbacGroup = "rbac.authorization.k8s.io"

// Grant returns the ServiceAccount, the roles and the bindings that a run needs, in the order in which they can be
// created. The namespaces that the bundle brings are among them: a Role cannot stand in one that is not there.
func Grant(run Run, to Account) ([]*manifest.Object, error) {
	r := rights{}
	r.facts(run)
	r.observation(run)
	for _, o := range run.Objects {
		if err := r.object(run, o); err != nil {
			return nil, err
		}
	}
	for _, o := range run.Sought {
		gvr, _, err := run.Kinds.Of(o)
		if err != nil {
			return nil, err
		}
		r.allow(o.GetNamespace(), gvr.Group, gvr.Resource, o.GetName(), get)
	}
	for _, o := range run.Replaced {
		if err := r.removal(run, o); err != nil {
			return nil, err
		}
	}
	if !run.ReadOnly {
		r.own()
		r.renderings(run)
		r.upgrade(run)
	}
	return append(namespaces(run.Objects, to), r.objects(to)...), nil
}

// facts are what is asked of the cluster about itself.
func (r rights) facts(run Run) {
	r.allow("", "", "nodes", anyName, list)
	r.allow("default", "", "services", "kubernetes", get)
	r.allow(render.Namespace, "", "services", "kube-dns", get)
	r.allow(render.Namespace, "", "configmaps", "kubeadm-config", get)
	if !run.ReadOnly { // other providers of the addons' roles are looked for in these
		for _, resource := range []string{"daemonsets", "deployments"} {
			r.allow("", "apps", resource, anyName, list)
		}
		r.allow("", "apiregistration.k8s.io", "apiservices", anyName, list)
		r.allow(render.Namespace, "", "pods", anyName, list)
		r.allow("", "", "services", anyName, list)
	}
	if run.ServiceCIDRs {
		r.allow("", "networking.k8s.io", "servicecidrs", anyName, list)
	}
}

// observation is what is looked at besides the objects themselves: nodes, storage classes, and the pods of workloads. Why
// a pod does not run is in its events and its log; only where one does not are they asked for.
func (r rights) observation(run Run) {
	r.allow("", "storage.k8s.io", "storageclasses", anyName, list)
	r.allow(render.Namespace, "", "configmaps", anyName, list) // the inventory's
	r.allow("", "storage.k8s.io", "csinodes", anyName, list)   // these two: what probes are judged by
	r.allow("", "metrics.k8s.io", "nodes", anyName, list)
	for _, namespace := range run.Agents {
		r.allow(namespace, "", "pods/exec", anyName, get, create) // get is for WebSockets, create for SPDY
	}
	r.allow("", "admissionregistration.k8s.io", "validatingwebhookconfigurations", anyName, list) // these two: what keeps pods away
	r.allow("", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", anyName, list)
	if run.ReadOnly { // a check without pods asks DNS pods so; a WebSocket takes both verbs from Kubernetes 1.35 on
		r.allow(render.Namespace, "", "pods/portforward", anyName, get, create)
	}
	for _, o := range run.Objects {
		if manifest.PodSpecPath(o.GetKind()) != nil {
			r.allow(o.GetNamespace(), "", "pods", anyName, list)
			r.allow(o.GetNamespace(), "", "events", anyName, list)
			r.allow(o.GetNamespace(), "", "pods/log", anyName, get)
		}
	}
}

// kept are the kinds whose removal takes other people's objects with it. A run does not remove them by itself.
var kept = map[string]bool{"Namespace": true, "CustomResourceDefinition": true, "PersistentVolume": true}

// object is what finding, applying and removing one object needs. Lists cannot be limited by name, and creations only
// where they are patches: a POST has no name in its URL.
func (r rights) object(run Run, o *manifest.Object) error {
	gvr, _, err := run.Kinds.Of(o)
	if err != nil {
		return err
	}
	namespace, name := o.GetNamespace(), o.GetName()
	r.allow(namespace, gvr.Group, gvr.Resource, anyName, list)
	if run.ReadOnly {
		return nil
	}
	creatable := name
	if !run.ServerSide {
		creatable = anyName
	}
	r.allow(namespace, gvr.Group, gvr.Resource, name, get, patch, update)
	r.allow(namespace, gvr.Group, gvr.Resource, creatable, create)
	if !kept[o.GetKind()] {
		r.allow(namespace, gvr.Group, gvr.Resource, name, remove)
	}
	switch manifest.GroupKindOf(o) {
	case schema.GroupKind{Group: rbacGroup, Kind: "Role"}, schema.GroupKind{Group: rbacGroup, Kind: "ClusterRole"}:
		r.allow(namespace, gvr.Group, gvr.Resource, creatable, escalate)
	case schema.GroupKind{Group: rbacGroup, Kind: "RoleBinding"}, schema.GroupKind{Group: rbacGroup, Kind: "ClusterRoleBinding"}:
		return r.binding(o)
	}
	return nil
}

// removal is what finding and removing an object of the bundle before needs.
func (r rights) removal(run Run, o *manifest.Object) error {
	gvr, _, err := run.Kinds.Of(o)
	if err != nil || run.ReadOnly {
		return err
	}
	if kept[o.GetKind()] {
		r.allow(o.GetNamespace(), gvr.Group, gvr.Resource, o.GetName(), get) // to say that it is kept
		return nil
	}
	r.allow(o.GetNamespace(), gvr.Group, gvr.Resource, anyName, list)
	r.allow(o.GetNamespace(), gvr.Group, gvr.Resource, o.GetName(), get, remove)
	return nil
}

// binding is the right to bind the role that a binding names, in the binding's namespace.
func (r rights) binding(o *manifest.Object) error {
	ref, ok := o.Object["roleRef"].(map[string]any)
	kind, _ := ref["kind"].(string)
	name, _ := ref["name"].(string)
	resource := map[string]string{"Role": "roles", "ClusterRole": "clusterroles"}[kind]
	if !ok || name == "" || resource == "" {
		return fmt.Errorf("%s: roleRef names no Role or ClusterRole; write its kind and name", manifest.IDOf(o))
	}
	r.allow(o.GetNamespace(), rbacGroup, resource, name, bind)
	return nil
}

// own are Fitout's lock and inventory.
func (r rights) own() {
	for resource, name := range map[schema.GroupResource]string{
		{Resource: "configmaps"}:                           inventory.Name,
		{Group: "coordination.k8s.io", Resource: "leases"}: inventory.LockName,
	} {
		r.allow(render.Namespace, resource.Group, resource.Resource, anyName, create)
		r.allow(render.Namespace, resource.Group, resource.Resource, name, get, patch, update, remove)
	}
}

// renderings are the Secrets in which is kept what was applied, for a rollback.
func (r rights) renderings(run Run) {
	for _, slot := range inventory.Slots {
		if run.ServerSide {
			r.allow(render.Namespace, "", "secrets", slot, get, create, patch, remove)
			continue
		}
		r.allow(render.Namespace, "", "secrets", slot, get, update, remove)
		r.allow(render.Namespace, "", "secrets", anyName, create)
	}
}

// upgrade is what an upgrade takes beyond a run that applies.
func (r rights) upgrade(run Run) {
	if !run.Upgrade {
		return
	}
	r.allow("", "policy", "poddisruptionbudgets", anyName, list)
	r.allow("", "", url, "/metrics", get)
	for _, namespace := range run.Networks {
		r.allow(namespace, "", "pods", anyName, remove)
	}
}
