// Package combination enumerates the clusters that a bundle can be asked for: every CNI and ingress controller that it
// holds, with and without kube-proxy, with the control plane outside and inside. Tests prove properties of all of them.
package combination

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
)

// A Combination is one cluster of a minor.
type Combination struct {
	Settings []string // what differs from the first combination: nginx, in-cluster, no-kube-proxy
	File     clusterfile.File
}

// Name names the combination: cilium+nginx+no-kube-proxy.
func (c Combination) Name() string {
	return strings.Join(append([]string{c.File.CNI}, c.Settings...), "+")
}

// dimension is one choice; the first value is the default, with no setting's name.
type dimension []struct {
	setting string
	set     func(*clusterfile.Cluster)
}

// Of returns the combinations of a minor, those with the fewest settings first.
func Of(catalogue *bundle.Catalogue, minor string) []Combination {
	b, _ := catalogue.Bundle(minor)
	all := []Combination{}
	for _, cni := range []string{"cilium", "calico", "weave", "flannel"} {
		if _, ok := b.Addons[cni]; ok {
			c := Combination{}
			c.File.KubernetesVersion, c.File.CNI = minor, cni
			all = append(all, c)
		}
	}
	for _, d := range dimensions() {
		all = multiply(all, d)
	}
	slices.SortStableFunc(all, func(a, b Combination) int { return len(a.Settings) - len(b.Settings) })
	return slices.DeleteFunc(all, func(c Combination) bool { return !possible(catalogue, c) })
}

func dimensions() []dimension {
	off := false
	return []dimension{
		{
			{"", func(c *clusterfile.Cluster) { c.Ingress = clusterfile.None }},
			{"nginx", func(c *clusterfile.Cluster) { c.Ingress = "nginx" }},
			{"traefik", func(c *clusterfile.Cluster) { c.Ingress = "traefik" }},
		},
		{
			{"", func(c *clusterfile.Cluster) { c.ControlPlane = clusterfile.Managed }},
			{"in-cluster", func(c *clusterfile.Cluster) { c.ControlPlane = clusterfile.InCluster }},
		},
		{
			{"", func(*clusterfile.Cluster) {}},
			{"no-kube-proxy", func(c *clusterfile.Cluster) { c.KubeProxy.Enabled = &off }},
		},
	}
}

func multiply(all []Combination, d dimension) []Combination {
	var out []Combination
	for _, c := range all {
		for _, choice := range d {
			next := Combination{Settings: slices.Clone(c.Settings), File: c.File}
			choice.set(&next.File.Cluster)
			if choice.setting != "" {
				next.Settings = append(next.Settings, choice.setting)
			}
			out = append(out, next)
		}
	}
	return out
}

// possible leaves out the clusters that cannot be: no kube-proxy, and a CNI that does not provide Services either.
func possible(catalogue *bundle.Catalogue, c Combination) bool {
	addon, _ := catalogue.Addon(c.File.CNI)
	return !slices.Contains(c.Settings, "no-kube-proxy") || slices.Contains(addon.Provides, "services")
}
