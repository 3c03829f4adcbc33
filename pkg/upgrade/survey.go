package upgrade

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
)

// A Survey is what was seen of a cluster that is to be upgraded, beside its objects.
type Survey struct {
	Server     string // version of the API server that answered: v1.36.4
	Nodes      []Node
	Components []Component       // of the control plane, where they run as pods
	Budgets    []Budget          // PodDisruptionBudgets
	Snapshot   observed.Snapshot // all nodes, and all pods if they may be listed
	Releases   []Release         // of Helm, as they are deployed
	Requests   []DeprecatedUse   // that the API server has counted since it started
	// Unseen says why something could not be seen, by the name of the precondition that wants it.
	Unseen map[string]string
}

// A Node is what matters of a node.
type Node struct {
	Name, Kubelet, Runtime, Kernel string // v1.36.4, containerd://2.1.0, 6.1.0-18-amd64
}

// A Component is one process of the control plane.
type Component struct {
	Name, Pod, Version string // kube-scheduler, kube-scheduler-a, 1.36.4
}

// A Budget is a PodDisruptionBudget.
type Budget struct {
	ID      manifest.ID
	Pods    int64 // that it guards
	Allowed int64 // disruptions
}

// A DeprecatedUse is a resource that somebody has asked for in a version that is to go.
type DeprecatedUse struct {
	Group, Version, Resource, Removed string // removed in the minor, such as 1.25
}

func (u DeprecatedUse) String() string {
	group := u.Version
	if u.Group != "" {
		group = u.Group + "/" + u.Version
	}
	return fmt.Sprintf("somebody asks for %s of %s, which Kubernetes %s no longer serves; the audit log says who", u.Resource, group, u.Removed)
}

// A Writer is who writes an object in a version that the new API server does not serve.
type Writer struct {
	Object              manifest.ID
	Manager, APIVersion string
}

func (w Writer) String() string {
	return fmt.Sprintf("%s writes %s as %s, which the new API server does not serve", w.Manager, w.Object, w.APIVersion)
}

// Conditions are everything that preconditions depend on.
type Conditions struct {
	From, To   string // minors
	Phase      Phase  // that is to be made; "" if the upgrade is only planned
	Survey     Survey
	Proxy      string   // version of the addon that serves Services on nodes, if it is of Kubernetes itself
	Unready    []string // what of the cluster does not work now, one line each
	Unobserved string   // why that could not be seen
	Writers    []Writer
	Releases   []string          // kinds of Helm releases that go, one line each
	NoRoom     []string          // workloads of the plan for whose next pod no node has room, one line each
	Rules      []bundle.NodeNeed // of the new minor
	ProxyMode  string            // of kube-proxy; empty without it
	Overrides  []string          // patches of the cluster file, one line each
	Skip       []string          // names of preconditions that are not judged
}
