package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A Trail is what leads from an unmet probe to its cause.
type Trail struct {
	Seen     string    // the first failure: from where, to what, and how it failed
	Suspects []Suspect // in the order in which one looks at them
	Failed   []FailedPath
}

// A Suspect is an object that an unmet row rests on.
type Suspect struct {
	Object manifest.ID
	Node   string // on which it matters; empty where any of its pods will do
	Part   string // what it does for the row
}

// A FailedPath is what was asked in vain: from a node, of something that is on one of the others, or on none.
type FailedPath struct {
	From string
	To   *Destination
}

// Destination are the nodes to one of which something leads. All who ask one address share them.
type Destination struct {
	Nodes []string
	set   map[string]bool
}

func NewDestination(nodes ...string) *Destination {
	e := &Destination{Nodes: nodes, set: make(map[string]bool, len(nodes))}
	for _, n := range nodes {
		e.set[n] = true
	}
	return e
}

// A dependency names suspects of a trial that is unmet.
type dependency func(t Plans, of probePlan, legs []FailedPath) []Suspect

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

// MostNodes bounds the nodes that are looked at for one row: those with the most failures.
const MostNodes = 3

// trail is what leads from a row of a probe to its cause; nil where it is met.
func (t Plans) trail(of probePlan, row Row, c tally) *Trail {
	if len(Unmet([]Row{row})) == 0 {
		return nil
	}
	failed := c.failed
	seen := c.failures
	for _, n := range row.Nodes {
		if len(of.queries) == 0 && n.Verdict == Failed { // the API server was asked, and no pod
			failed, seen = append(failed, FailedPath{To: NewDestination(n.Node)}), append(seen, n.Node+" "+n.Detail)
		}
	}
	trail := &Trail{Seen: append(seen, row.Detail)[0], Failed: failed}
	for _, part := range dependencies[of.Name] {
		for _, s := range part(t, of, failed) {
			if !slices.ContainsFunc(trail.Suspects, func(o Suspect) bool { return o.Object == s.Object && o.Node == s.Node }) {
				trail.Suspects = append(trail.Suspects, s)
			}
		}
	}
	return trail
}

// probedObjects are the workloads, Services and APIs of the addon itself.
func probedObjects(_ Plans, of probePlan, legs []FailedPath) []Suspect {
	const part = "is what is asked"
	list := workloads([]render.Addon{of.addon}, DestinationNodes(legs), part)
	for _, kind := range []string{"Service", "APIService"} {
		for _, o := range of.addon.Objects {
			if o.GetKind() == kind {
				list = append(list, Suspect{Object: manifest.IDOf(o), Part: part})
			}
		}
	}
	return list
}

// serviceRouting is what leads Service addresses to pods on the nodes that ask: kube-proxy, or the pod network in its place.
func serviceRouting(t Plans, _ probePlan, legs []FailedPath) []Suspect {
	role := "proxy"
	if len(t.addonsOfRole(role)) == 0 {
		role = "cni"
	}
	return workloads(t.addonsOfRole(role), SourceNodes(legs), "leads Service addresses to pods")
}

func networkFrom(t Plans, _ probePlan, legs []FailedPath) []Suspect {
	return workloads(t.addonsOfRole("cni"), SourceNodes(legs), "is the pod network where was asked")
}

func networkTo(t Plans, _ probePlan, legs []FailedPath) []Suspect {
	return workloads(t.addonsOfRole("cni"), DestinationNodes(legs), "is the pod network of what was asked")
}

func (t Plans) addonsOfRole(role string) []render.Addon {
	return slices.DeleteFunc(slices.Clone(t.addons), func(a render.Addon) bool { return a.Role != role })
}

// workloads are those of addons: DaemonSets on each of the nodes, others wherever they are.
func workloads(addons []render.Addon, nodes []string, part string) []Suspect {
	var list []Suspect
	for _, a := range addons {
		for _, o := range a.Objects {
			switch o.GetKind() {
			case "DaemonSet":
				for _, n := range nodes {
					list = append(list, Suspect{Object: manifest.IDOf(o), Node: n, Part: part})
				}
			case "Deployment", "StatefulSet":
				list = append(list, Suspect{Object: manifest.IDOf(o), Part: part})
			}
		}
	}
	return list
}

// SourceNodes returns the nodes that most of the legs begin on.
func SourceNodes(legs []FailedPath) []string {
	count := map[string]int{}
	for _, l := range legs {
		count[l.From]++
	}
	return mostFailing(count)
}

// DestinationNodes returns the nodes that most of the legs lead to.
func DestinationNodes(legs []FailedPath) []string {
	times := map[*Destination]int{}
	for _, l := range legs {
		if l.To != nil {
			times[l.To]++
		}
	}
	count := map[string]int{}
	for to, n := range times {
		for _, node := range to.Nodes {
			count[node] += n
		}
	}
	return mostFailing(count)
}

// mostFailing returns the first few nodes, those with the most failures first.
func mostFailing(count map[string]int) []string {
	delete(count, "")
	nodes := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	return nodes[:min(len(nodes), MostNodes)]
}

// String says which object, where.
func (x Suspect) String() string {
	if x.Node == "" {
		return x.Object.String()
	}
	return fmt.Sprintf("%s on node %s", x.Object, x.Node)
}
