package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/printable"
	"k8s.io/apimachinery/pkg/util/version"
)

// A Precondition is something that must be true of a cluster before it is upgraded.
type Precondition struct {
	Name    string   `json:"name"`
	Verdict Verdict  `json:"verdict"`
	Reasons []string `json:"reasons,omitempty"` // one line each
}

// A Verdict is whether a precondition is met.
type Verdict string

// The verdicts.
const (
	Met     Verdict = "met"
	Unmet   Verdict = "unmet"
	Unknown Verdict = "unknown" // it could not be seen, or there is something that nobody but a person can judge; it does not keep an upgrade back
	Skipped Verdict = "skipped"
)

// Verdicts lists all verdicts.
var Verdicts = []Verdict{Met, Unmet, Unknown, Skipped}

// The preconditions.
const (
	PhaseOrder   = "phase"              // control plane and nodes are where the phase wants them
	VersionSkew  = "version-skew"       // between API server, control plane, kubelets and the addon that serves Services
	RemovedAPIs  = "removed-apis"       // that are still in use
	Health       = "health"             // of what Fitout has put into the cluster
	HelmReleases = "helm-releases"      // that hold objects in versions which go
	Room         = "room"               // for the pods that start before those that they replace end
	Disruptions  = "disruption-budgets" // that let no pod be evicted, so that no node can be drained
	NodeFacts    = "nodes"              // runtime and kernel that the new minor no longer takes
	OverridesSet = "overrides"          // patches of the cluster file, which were written for the old version
)

// PreconditionNames lists the names of all preconditions.
var PreconditionNames = []string{PhaseOrder, VersionSkew, RemovedAPIs, HelmReleases, Health, Room, Disruptions, NodeFacts, OverridesSet}

// Preconditions judges all of them.
func Preconditions(c Conditions) []Precondition {
	judges := map[string]func(Conditions) (Verdict, []string){
		PhaseOrder: phaseOrder, VersionSkew: skew, RemovedAPIs: removedAPIs, HelmReleases: helmReleases, Health: health, Room: room, Disruptions: disruptions, NodeFacts: nodeFacts, OverridesSet: overrides,
	}
	var all []Precondition
	for _, name := range PreconditionNames {
		if name == PhaseOrder && c.Phase == "" {
			continue
		}
		p := Precondition{Name: name, Verdict: Skipped}
		if !slices.Contains(c.Skip, name) {
			p.Verdict, p.Reasons = judges[name](c)
		}
		if why := c.Survey.Unseen[name]; why != "" && p.Verdict == Met {
			p.Verdict, p.Reasons = Unknown, []string{why}
		}
		p.Reasons = few(p.Reasons)
		all = append(all, p)
	}
	return all
}

// maxReasons is how many reasons are told of one precondition.
const maxReasons = 10

func few(reasons []string) []string {
	if more := len(reasons) - maxReasons; more > 0 {
		return append(slices.Clone(reasons[:maxReasons]), fmt.Sprintf("and %d more", more))
	}
	return reasons
}

// unmetIf is unmet if there are reasons.
func unmetIf(reasons []string) (Verdict, []string) {
	if len(reasons) > 0 {
		return Unmet, reasons
	}
	return Met, nil
}

// phaseOrder is about what others upgrade between the phases.
func phaseOrder(c Conditions) (Verdict, []string) {
	server := minorOf(c.Survey.Server)
	step := clusterfile.CompareMinors(server, c.To)
	switch {
	case server == "":
		return Unknown, []string{"the API server does not tell its version"}
	case c.Phase == BeforeControlPlane && step >= 0 && c.From != c.To:
		return Unmet, []string{fmt.Sprintf("the API server is %s already; begin with --phase %s", c.Survey.Server, AfterControlPlane)}
	case c.Phase != BeforeControlPlane && step < 0:
		return Unmet, []string{fmt.Sprintf("the API server is %s still; upgrade the control plane to %s first", c.Survey.Server, c.To)}
	case c.Phase != AfterNodes:
		return Met, nil
	}
	var reasons []string
	for _, n := range c.Survey.Nodes {
		if kubelet := minorOf(n.Kubelet); kubelet != "" && clusterfile.CompareMinors(kubelet, c.To) < 0 {
			reasons = append(reasons, fmt.Sprintf("the kubelet of node %s is %s still; upgrade it to %s first", n.Name, n.Kubelet, c.To))
		}
	}
	return unmetIf(reasons)
}

// A skewPolicy is how many minors a component may be older than the API server.
type skewPolicy struct{ kubelet, oldKubelet, controlPlane int }

// policyOf is the version skew policy of a minor (kubernetes/website, releases/version-skew-policy.md): kubelets are up to three
// minors older, those before 1.25 up to two, as all of them were before 1.28.
func policyOf(minor string) skewPolicy {
	if clusterfile.CompareMinors(minor, "1.28") < 0 {
		return skewPolicy{kubelet: 2, oldKubelet: 2, controlPlane: 1}
	}
	return skewPolicy{kubelet: 3, oldKubelet: 2, controlPlane: 1}
}

// skew is about the versions of everything, now and with API servers of the new minor.
func skew(c Conditions) (Verdict, []string) {
	policy := policyOf(c.To)
	var reasons []string
	server := minorOf(c.Survey.Server)
	if server != "" && clusterfile.CompareMinors(server, c.From) < 0 {
		reasons = append(reasons, fmt.Sprintf("the API server is %s, older than the bundle %s that the cluster was fitted out with", c.Survey.Server, c.From))
	}
	if server != "" && clusterfile.CompareMinors(server, c.To) > 0 {
		reasons = append(reasons, fmt.Sprintf("the API server is %s already, newer than %s", c.Survey.Server, c.To))
	}
	for _, n := range c.Survey.Nodes {
		allowed := policy.kubelet
		if clusterfile.CompareMinors(minorOf(n.Kubelet), "1.25") < 0 {
			allowed = policy.oldKubelet
		}
		reasons = append(reasons, older("kubelet of node "+n.Name, n.Kubelet, server, c.To, allowed)...)
	}
	for _, p := range c.Survey.Components {
		reasons = append(reasons, older(fmt.Sprintf("%s of pod %s", p.Name, p.Pod), p.Version, server, c.To, policy.controlPlane)...)
	}
	if c.Proxy != "" {
		reasons = append(reasons, older("the proxy of the nodes", c.Proxy, "", c.To, policy.kubelet)...)
	}
	return unmetIf(reasons)
}

// older says how a component breaks the rule that it is not newer than the API server, and at most so many minors older than
// the one to come. What is no version breaks none.
func older(subject, is, server, to string, allowed int) []string {
	minor := minorOf(is)
	if minor == "" {
		return nil
	}
	switch {
	case server != "" && clusterfile.CompareMinors(minor, server) > 0:
		return []string{fmt.Sprintf("%s is %s, newer than the API server; upgrade API servers first", subject, is)}
	case clusterfile.CompareMinors(to, minor) > allowed:
		return []string{fmt.Sprintf("%s is %s, more than %s older than %s; upgrade it first", subject, is, printable.Count(allowed, "minor"), to)}
	}
	return nil
}

func minorOf(text string) string {
	v, err := clusterfile.ParseVersion(text)
	if err != nil {
		return ""
	}
	return v.Minor()
}

// removedAPIs is about who still uses what the new API server does not serve.
func removedAPIs(c Conditions) (Verdict, []string) {
	var reasons []string
	for _, w := range c.Writers {
		reasons = append(reasons, w.String())
	}
	for _, u := range c.Survey.Requests {
		if clusterfile.CompareMinors(u.Removed, c.To) <= 0 && clusterfile.CompareMinors(u.Removed, c.From) > 0 {
			reasons = append(reasons, u.String())
		}
	}
	return unmetIf(reasons)
}

func helmReleases(c Conditions) (Verdict, []string) { return unmetIf(c.Releases) }

func room(c Conditions) (Verdict, []string) { return unmetIf(c.NoRoom) }

func health(c Conditions) (Verdict, []string) {
	if c.Unobserved != "" {
		return Unknown, []string{c.Unobserved}
	}
	return unmetIf(c.Unready)
}

func disruptions(c Conditions) (Verdict, []string) {
	var reasons []string
	for _, b := range c.Survey.Budgets {
		if b.Allowed == 0 && b.Pods > 0 {
			reasons = append(reasons, fmt.Sprintf("%s lets none of its %s be evicted, so that their nodes cannot be drained; add replicas, or let it allow one", b.ID, printable.Count(b.Pods, "pod")))
		}
	}
	return unmetIf(reasons)
}

// nodeFacts is about what the new minor needs of nodes.
func nodeFacts(c Conditions) (Verdict, []string) {
	var reasons, told []string
	for _, rule := range c.Rules {
		if rule.ProxyMode != "" && rule.ProxyMode != c.ProxyMode {
			continue
		}
		if rule.Runtime == "" && rule.Kernel == "" {
			told = append(told, rule.Means+"; nodes do not tell")
			continue
		}
		for _, n := range c.Survey.Nodes {
			if olderKernel(n.Kernel, rule.Kernel) {
				reasons = append(reasons, fmt.Sprintf("node %s has the kernel %s, older than %s: %s", n.Name, n.Kernel, rule.Kernel, rule.Means))
			}
			name, is, ok := strings.Cut(n.Runtime, "://")
			if v, err := version.ParseGeneric(is); ok && name == rule.Runtime && err == nil && v.LessThan(version.MustParseGeneric(rule.From)) {
				reasons = append(reasons, fmt.Sprintf("node %s has %s %s, older than %s: %s", n.Name, name, is, rule.From, rule.Means))
			}
		}
	}
	if verdict, reasons := unmetIf(reasons); verdict == Unmet {
		return Unmet, append(reasons, told...)
	}
	if len(told) > 0 {
		return Unknown, told
	}
	return Met, nil
}

// olderKernel reports whether a kernel, such as 6.1.0-18-amd64, is known to be older than another.
func olderKernel(is, from string) bool {
	release, _, _ := strings.Cut(is, "-")
	v, err := version.ParseGeneric(strings.TrimRight(release, "+."))
	wanted, err2 := version.ParseGeneric(from)
	return err == nil && err2 == nil && v.LessThan(wanted)
}

// overrides tells patches that were written for another version. They may be right all the same.
func overrides(c Conditions) (Verdict, []string) {
	if len(c.Overrides) == 0 {
		return Met, nil
	}
	return Unknown, c.Overrides
}
