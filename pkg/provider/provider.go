// Package provider finds what already does the job of an addon in a cluster: the pod network, kube-proxy, the cluster DNS or the
// metrics API of another installer. It is pure; the rules are data of the catalogue.
package provider

import (
	"regexp"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Observed is what providers are looked for in.
type Observed struct {
	Nodes          []*manifest.Object
	Workloads      []*manifest.Object // DaemonSets, Deployments, and the static pods of kube-system
	Services       []*manifest.Object
	APIServices    []*manifest.Object
	StorageClasses []*manifest.Object
	Settings       map[Source]*manifest.Object // what Sources has asked for, as far as it is there
}

// A Wanted is what is to be installed for a role.
type Wanted struct {
	Addresses    []string // cluster IPs of its Services
	DefaultClass bool     // one of its StorageClasses is the default
}

// A Found is a provider that was found, by one object.
type Found struct {
	Role   string
	Name   string // as a person calls it
	Object manifest.ID

	Problem, Keep string // what the rule says of them
}

// Find returns the providers of the roles that something is to be installed for, the first object of each rule and role, in the
// order of the rules. Objects that ours reports are Fitout's, or are about to be adopted.
func Find(rules []bundle.Provider, o Observed, roles map[string]Wanted, ours func(*manifest.Object) bool) []Found {
	var all []Found
	seen := map[Found]bool{}
	add := func(rule bundle.Provider, object *manifest.Object) {
		f := Found{Role: rule.Role, Name: rule.Name, Object: manifest.IDOf(object), Problem: rule.Problem, Keep: rule.Keep}
		if known := (Found{Role: f.Role, Object: f.Object}); !seen[known] {
			seen[known] = true
			all = append(all, f)
		}
	}
	for _, rule := range rules {
		wanted, is := roles[rule.Role]
		if !is {
			continue
		}
		if objects := matching(rule, o, wanted, ours); len(objects) > 0 {
			add(rule, objects[0])
		}
	}
	return all
}

// matching returns the objects that a rule applies to.
func matching(rule bundle.Provider, o Observed, wanted Wanted, ours func(*manifest.Object) bool) []*manifest.Object {
	var from []*manifest.Object
	var is func(*manifest.Object) bool
	switch {
	case len(rule.Workload.Kinds) > 0:
		workload := compile(rule.Workload)
		from, is = o.Workloads, func(w *manifest.Object) bool { return workload.applies(w) && workload.set(w, o.Settings) }
	case rule.APIService != "":
		name := whole(rule.APIService)
		from, is = o.APIServices, func(s *manifest.Object) bool { return name(s.GetName()) && backed(s) }
	case rule.StorageClass.Default:
		from, is = o.StorageClasses, func(c *manifest.Object) bool { return wanted.DefaultClass && manifest.IsDefaultClass(c) }
	case rule.Service.Address:
		from, is = o.Services, func(s *manifest.Object) bool { return wanted.has(s) }
	case rule.Service.Name != "":
		namespace, name := whole(rule.Service.Namespace), whole(rule.Service.Name)
		from, is = o.Services, func(s *manifest.Object) bool { return namespace(s.GetNamespace()) && name(s.GetName()) }
	default:
		from, is = o.Nodes, func(n *manifest.Object) bool { return nodeApplies(rule.Node, n) }
	}
	var found []*manifest.Object
	for _, object := range from {
		if !ours(object) && is(object) {
			found = append(found, object)
		}
	}
	return found
}

// has reports whether a Service has an address that is wanted.
func (w Wanted) has(s *manifest.Object) bool {
	return slices.ContainsFunc(Addresses(s), func(address string) bool { return slices.Contains(w.Addresses, address) })
}

// Addresses returns the cluster IPs of a Service.
func Addresses(s *manifest.Object) []string {
	first, _, _ := unstructured.NestedString(s.Object, "spec", "clusterIP")
	all, _, _ := unstructured.NestedStringSlice(s.Object, "spec", "clusterIPs")
	return slices.DeleteFunc(append(all, first), func(address string) bool { return address == "" || address == corev1.ClusterIPNone })
}

// whole returns a matcher of whole texts; an empty expression matches everything.
func whole(expression string) func(string) bool {
	if expression == "" {
		return func(string) bool { return true }
	}
	re := regexp.MustCompile(`^(?:` + expression + `)$`) // the catalogue has tried it
	return re.MatchString
}

// backed reports whether an APIService has a Service behind it, and is not of the API server itself.
func backed(s *manifest.Object) bool {
	name, _, _ := unstructured.NestedString(s.Object, "spec", "service", "name")
	return name != ""
}

func nodeApplies(rule bundle.NodeRule, n *manifest.Object) bool {
	kubelet, _, _ := unstructured.NestedString(n.Object, "status", "nodeInfo", "kubeletVersion")
	if !whole(rule.Kubelet)(kubelet) || rule.Reason != "" && !whole(rule.Reason)(networkReason(n)) {
		return false
	}
	if key := whole(rule.Annotation); rule.Annotation != "" && !slices.ContainsFunc(keys(n.GetAnnotations()), key) {
		return false
	}
	if label, has := n.GetLabels()[rule.Label.Key]; rule.Label.Key != "" && (!has || !whole(rule.Label.Value)(label)) {
		return false
	}
	value, has := n.GetAnnotations()[rule.UnlessAnnotation.Key]
	return rule.UnlessAnnotation.Key == "" || !has || !whole(rule.UnlessAnnotation.Value)(value)
}

func keys(m map[string]string) []string {
	var all []string
	for key := range m {
		all = append(all, key)
	}
	return all
}

// networkReason returns the reason of a node's condition NetworkUnavailable, which pod networks set when they are up.
func networkReason(n *manifest.Object) string {
	conditions, _, _ := unstructured.NestedSlice(n.Object, "status", "conditions")
	for _, c := range conditions {
		if condition, _ := c.(map[string]any); condition["type"] == "NetworkUnavailable" && condition["status"] == "False" {
			reason, _ := condition["reason"].(string)
			return reason
		}
	}
	return ""
}
