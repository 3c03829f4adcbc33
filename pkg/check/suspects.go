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
	legs     []leg
}

// A Suspect is an object that an unmet row rests on.
type Suspect struct {
	Object manifest.ID
	Node   string // on which it matters; empty where any of its pods will do
	Part   string // what it does for the row
}

// A leg is what was asked in vain: from a node, of something that is on one of the others, or on none.
type leg struct {
	from string
	to   *ends
}

// ends are the nodes to one of which something leads. All who ask one address share them.
type ends struct {
	nodes []string
	set   map[string]bool
}

func endsAt(nodes ...string) *ends {
	e := &ends{nodes: nodes, set: make(map[string]bool, len(nodes))}
	for _, n := range nodes {
		e.set[n] = true
	}
	return e
}

// A part names suspects of a trial that is unmet.
type part func(t Trials, of trial, legs []leg) []Suspect

// rests are what each probe rests on, in the order in which one looks: what is asked, what leads Service addresses to it,
// and the pod network at both ends.
var rests = map[string][]part{
	"dns-service":     {whatIsAsked, serviceAddresses, networkFrom, networkTo},
	"dns-pods":        {whatIsAsked, networkFrom, networkTo},
	"dns-outside":     {whatIsAsked, serviceAddresses, networkFrom, networkTo},
	"pod-network":     {networkFrom, networkTo},
	"packet-size":     {networkFrom, networkTo},
	"service-network": {serviceAddresses, networkFrom, networkTo},
	"api-server":      {serviceAddresses, networkFrom},
	"network-policy":  {networkFrom, networkTo},
	"proxy-health":    {whatIsAsked},
	"ingress-ports":   {whatIsAsked, networkTo, networkFrom},
	"ingress-route":   {whatIsAsked, networkTo, networkFrom},
	"node-metrics":    {whatIsAsked},
	"node-conditions": {whatIsAsked},
	"storage-driver":  {whatIsAsked},
}

// mostNodes bounds the nodes that are looked at for one row: those with the most failures.
const mostNodes = 3

// trail is what leads from a row of a probe to its cause; nil where it is met.
func (t Trials) trail(of trial, row Row, c tally) *Trail {
	if len(Unmet([]Row{row})) == 0 {
		return nil
	}
	failed := c.legs
	seen := c.failures
	for _, n := range row.Nodes {
		if len(of.errands) == 0 && n.Verdict == Failed { // the API server was asked, and no pod
			failed, seen = append(failed, leg{to: endsAt(n.Node)}), append(seen, n.Node+" "+n.Detail)
		}
	}
	trail := &Trail{Seen: append(seen, row.Detail)[0], legs: failed}
	for _, part := range rests[of.Name] {
		for _, s := range part(t, of, failed) {
			if !slices.ContainsFunc(trail.Suspects, func(o Suspect) bool { return o.Object == s.Object && o.Node == s.Node }) {
				trail.Suspects = append(trail.Suspects, s)
			}
		}
	}
	return trail
}

// whatIsAsked are the workloads, Services and APIs of the addon itself.
func whatIsAsked(_ Trials, of trial, legs []leg) []Suspect {
	const part = "is what is asked"
	list := workloads([]render.Addon{of.addon}, endsOf(legs), part)
	for _, kind := range []string{"Service", "APIService"} {
		for _, o := range of.addon.Objects {
			if o.GetKind() == kind {
				list = append(list, Suspect{Object: manifest.IDOf(o), Part: part})
			}
		}
	}
	return list
}

// serviceAddresses is what leads Service addresses to pods on the nodes that ask: kube-proxy, or the pod network in its place.
func serviceAddresses(t Trials, _ trial, legs []leg) []Suspect {
	role := "proxy"
	if len(t.ofRole(role)) == 0 {
		role = "cni"
	}
	return workloads(t.ofRole(role), startsOf(legs), "leads Service addresses to pods")
}

func networkFrom(t Trials, _ trial, legs []leg) []Suspect {
	return workloads(t.ofRole("cni"), startsOf(legs), "is the pod network where was asked")
}

func networkTo(t Trials, _ trial, legs []leg) []Suspect {
	return workloads(t.ofRole("cni"), endsOf(legs), "is the pod network of what was asked")
}

func (t Trials) ofRole(role string) []render.Addon {
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

// startsOf returns the nodes that most of the legs begin on.
func startsOf(legs []leg) []string {
	count := map[string]int{}
	for _, l := range legs {
		count[l.from]++
	}
	return busiest(count)
}

// endsOf returns the nodes that most of the legs lead to.
func endsOf(legs []leg) []string {
	times := map[*ends]int{}
	for _, l := range legs {
		if l.to != nil {
			times[l.to]++
		}
	}
	count := map[string]int{}
	for to, n := range times {
		for _, node := range to.nodes {
			count[node] += n
		}
	}
	return busiest(count)
}

// busiest returns the first few nodes, those with the most failures first.
func busiest(count map[string]int) []string {
	delete(count, "")
	nodes := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	return nodes[:min(len(nodes), mostNodes)]
}

// String says which object, where.
func (x Suspect) String() string {
	if x.Node == "" {
		return x.Object.String()
	}
	return fmt.Sprintf("%s on node %s", x.Object, x.Node)
}
