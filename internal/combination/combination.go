// Package combination enumerates the clusters that a bundle can be asked for: every CNI, ingress controller and CSI driver that
// it holds, with and without kube-proxy, with the control plane outside and inside. Tests prove properties of all of them, and the list of a bundle's images is that of all of them.
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

// A choice is one value of a field or several; the setting is its name, empty for the default.
type choice struct {
	setting string
	set     func(*clusterfile.Cluster)
}

// A dimension is the choices that exclude each other; the first is the default.
type dimension []choice

// Of returns the combinations of a minor, those with the fewest settings first: every network, ingress controller and CSI driver
// of its bundle, the defaults before the others.
func Of(catalogue *bundle.Catalogue, minor string) []Combination {
	all := []Combination{}
	for _, cni := range options(catalogue, minor, "cni") {
		c := Combination{}
		c.File.KubernetesVersion, c.File.CNI = minor, cni
		all = append(all, c)
	}
	for _, d := range dimensions(catalogue, minor) {
		all = multiply(all, d)
	}
	slices.SortStableFunc(all, func(a, b Combination) int { return len(a.Settings) - len(b.Settings) })
	return slices.DeleteFunc(all, func(c Combination) bool { return !possible(catalogue, c) })
}

// options are the addons that a field of the cluster file can name in a minor, the default first.
func options(catalogue *bundle.Catalogue, minor, field string) []string {
	var names []string
	for _, choice := range catalogue.Offers().Choices[minor] {
		for _, o := range choice.Options {
			switch {
			case choice.Field != field:
			case o.Name == choice.Default:
				names = slices.Insert(names, 0, o.Name)
			default:
				names = append(names, o.Name)
			}
		}
	}
	return names
}

func dimensions(catalogue *bundle.Catalogue, minor string) []dimension {
	off := false
	ingress := dimension{{"", func(c *clusterfile.Cluster) { c.Ingress = clusterfile.None }}}
	for _, name := range options(catalogue, minor, "ingress") {
		ingress = append(ingress, choice{name, func(c *clusterfile.Cluster) { c.Ingress = name }})
	}
	var csi dimension
	for i, name := range options(catalogue, minor, "csi") {
		setting := name
		if i == 0 {
			setting = ""
		}
		csi = append(csi, choice{setting, func(c *clusterfile.Cluster) { c.CSI = name }})
	}
	if csi == nil {
		csi = dimension{{"", func(c *clusterfile.Cluster) { c.CSI = clusterfile.None }}}
	}
	return []dimension{
		ingress,
		{
			{"", func(c *clusterfile.Cluster) { c.ControlPlane = clusterfile.Managed }},
			{"in-cluster", func(c *clusterfile.Cluster) { c.ControlPlane = clusterfile.InCluster }},
		},
		{
			{"", func(*clusterfile.Cluster) {}},
			{"no-kube-proxy", func(c *clusterfile.Cluster) { c.KubeProxy.Enabled = &off }},
		},
		csi,
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
	addon, _ := catalogue.Named("cni", c.File.CNI)
	return !slices.Contains(c.Settings, "no-kube-proxy") || slices.Contains(addon.Provides, "services")
}
