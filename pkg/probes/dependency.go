package probes

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// probedObjects are the workloads, Services and APIs of the addon itself.
func probedObjects(_ Plans, of probePlan, paths []check.FailedPath) []check.Suspect {
	const part = "is what is asked"
	list := workloads([]render.Addon{of.addon}, check.DestinationNodes(paths), part)
	for _, kind := range []string{"Service", "APIService"} {
		for _, o := range of.addon.Objects {
			if o.GetKind() == kind {
				list = append(list, check.Suspect{Object: manifest.IDOf(o), Part: part})
			}
		}
	}
	return list
}

// serviceRouting is what leads Service addresses to pods on the nodes that ask: kube-proxy, or the pod network in its place.
func serviceRouting(t Plans, _ probePlan, paths []check.FailedPath) []check.Suspect {
	role := "proxy"
	if len(t.addonsOfRole(role)) == 0 {
		role = "cni"
	}
	return workloads(t.addonsOfRole(role), check.SourceNodes(paths), "leads Service addresses to pods")
}

func networkFrom(t Plans, _ probePlan, paths []check.FailedPath) []check.Suspect {
	return workloads(t.addonsOfRole("cni"), check.SourceNodes(paths), "is the pod network where was asked")
}

func networkTo(t Plans, _ probePlan, paths []check.FailedPath) []check.Suspect {
	return workloads(t.addonsOfRole("cni"), check.DestinationNodes(paths), "is the pod network of what was asked")
}

func (t Plans) addonsOfRole(role string) []render.Addon {
	return slices.DeleteFunc(slices.Clone(t.addons), func(a render.Addon) bool { return a.Role != role })
}

// workloads are those of addons: DaemonSets on each of the nodes, others wherever they are.
func workloads(addons []render.Addon, nodes []string, part string) []check.Suspect {
	var list []check.Suspect
	for _, a := range addons {
		for _, o := range a.Objects {
			switch o.GetKind() {
			case "DaemonSet":
				for _, n := range nodes {
					list = append(list, check.Suspect{Object: manifest.IDOf(o), Node: n, Part: part})
				}
			case "Deployment", "StatefulSet":
				list = append(list, check.Suspect{Object: manifest.IDOf(o), Part: part})
			}
		}
	}
	return list
}
