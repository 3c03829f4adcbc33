package probes

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A dependency names suspects of a trial that is unmet.
type dependency func(t Plans, of probePlan, legs []check.FailedPath) []check.Suspect

// dependencies are what each probe rests on, in the order in which one looks: what is asked, what leads Service addresses to it,
// and the pod network at both ends.
var dependencies = map[string][]dependency{
	"dns-service":     {probedObjects, serviceRouting, networkFrom, networkTo},
	"dns-pods":        {probedObjects, networkFrom, networkTo},
	"dns-outside":     {probedObjects, serviceRouting, networkFrom, networkTo},
	"pod-network":     {networkFrom, networkTo},
	"packet-size":     {networkFrom, networkTo},
	"service-network": {serviceRouting, networkFrom, networkTo},
	"api-server":      {serviceRouting, networkFrom},
	"network-policy":  {networkFrom, networkTo},
	"proxy-health":    {probedObjects},
	"ingress-ports":   {probedObjects, networkTo, networkFrom},
	"ingress-route":   {probedObjects, networkTo, networkFrom},
	"node-metrics":    {probedObjects},
	"node-conditions": {probedObjects},
	"storage-driver":  {probedObjects},
}

// trail is what leads from a row of a probe to its cause; nil where it is met.
func (t Plans) trail(of probePlan, row check.Row, c tally) *check.Trail {
	if len(check.Unmet([]check.Row{row})) == 0 {
		return nil
	}
	failed := c.failed
	seen := c.failures
	for _, n := range row.Nodes {
		if len(of.queries) == 0 && n.Verdict == check.Failed { // the API server was asked, and no pod
			failed, seen = append(failed, check.FailedPath{To: check.NewDestination(n.Node)}), append(seen, n.Node+" "+n.Detail)
		}
	}
	trail := &check.Trail{Seen: append(seen, row.Detail)[0], Failed: failed}
	for _, part := range dependencies[of.Name] {
		for _, s := range part(t, of, failed) {
			if !slices.ContainsFunc(trail.Suspects, func(o check.Suspect) bool { return o.Object == s.Object && o.Node == s.Node }) {
				trail.Suspects = append(trail.Suspects, s)
			}
		}
	}
	return trail
}

// probedObjects are the workloads, Services and APIs of the addon itself.
func probedObjects(_ Plans, of probePlan, legs []check.FailedPath) []check.Suspect {
	const part = "is what is asked"
	list := workloads([]render.Addon{of.addon}, check.DestinationNodes(legs), part)
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
func serviceRouting(t Plans, _ probePlan, legs []check.FailedPath) []check.Suspect {
	role := "proxy"
	if len(t.addonsOfRole(role)) == 0 {
		role = "cni"
	}
	return workloads(t.addonsOfRole(role), check.SourceNodes(legs), "leads Service addresses to pods")
}

func networkFrom(t Plans, _ probePlan, legs []check.FailedPath) []check.Suspect {
	return workloads(t.addonsOfRole("cni"), check.SourceNodes(legs), "is the pod network where was asked")
}

func networkTo(t Plans, _ probePlan, legs []check.FailedPath) []check.Suspect {
	return workloads(t.addonsOfRole("cni"), check.DestinationNodes(legs), "is the pod network of what was asked")
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
