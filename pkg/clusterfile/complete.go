package clusterfile

import (
	"fmt"
	"net/netip"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/validation"
)

type (
	fault  = strictyaml.Fault
	faults = strictyaml.Faults
)

// Complete fills what the file leaves open, with the facts first (nil where no cluster was asked) and the defaults
// second, and checks the whole, but for the names of addons: those the catalogue checks. The findings say where every filled
// field came from.
func Complete(file File, facts *Facts, offers Offers) (Cluster, []Finding, error) {
	c := file.Cluster
	var found []Finding
	if v, err := ParseVersion(c.KubernetesVersion); err == nil && v.Patch < 0 && facts != nil && facts.minor() == v.Minor() {
		c.KubernetesVersion = facts.KubernetesVersion
	}
	if facts != nil {
		found = facts.apply(&c)
	}
	if c.KubernetesVersion == "" {
		c.KubernetesVersion = offers.Tested[offers.Newest]
		found = append(found, Finding{Field: "kubernetesVersion", Value: c.KubernetesVersion, Source: "newest bundle", Assumed: true})
	}
	if v, err := ParseVersion(c.KubernetesVersion); err == nil {
		if tested := offers.Tested[v.Minor()]; v.Patch < 0 && tested != "" {
			c.KubernetesVersion = tested
		} else {
			c.KubernetesVersion = v.String()
		}
	}
	choices := offers.For(c.Minor())
	if facts != nil {
		found = append(found, facts.detect(&c, choices)...)
	}
	found = append(found, defaults(&c, choices)...)
	all := faults(c.validate())
	if facts != nil {
		all = append(append(all, facts.contradictions(c)...), facts.familyFaults(c)...)
	}
	return c, found, file.Locate(all.ErrorOrNil())
}

func (f Facts) minor() string {
	v, err := ParseVersion(f.KubernetesVersion)
	if err != nil {
		return ""
	}
	return v.Minor()
}

// defaults fills what is still empty and tells which of the fields that decide something were assumed.
func defaults(c *Cluster, choices []Choice) []Finding {
	before := *c
	strictyaml.SetDefaults(c)
	choose(c, choices)
	if p, err := netip.ParsePrefix(c.Network.ServiceCIDR); err == nil && c.Network.DNSAddress == "" && p.Contains(tenthAddress(p)) {
		c.Network.DNSAddress = tenthAddress(p).String()
	}
	if c.Network.APIEndpoint == "" {
		c.Network.APIEndpoint = placeholder(c.Name)
	}
	var found []Finding
	for _, f := range []struct{ field, before, after, source string }{
		{"controlPlane", before.ControlPlane, c.ControlPlane, "default"},
		{"network.podCIDR", before.Network.PodCIDR, c.Network.PodCIDR, "default"},
		{"network.serviceCIDR", before.Network.ServiceCIDR, c.Network.ServiceCIDR, "default"},
		{"network.dnsAddress", before.Network.DNSAddress, c.Network.DNSAddress, "tenth address of the service CIDR"},
		{"network.dnsDomain", before.Network.DNSDomain, c.Network.DNSDomain, "default"},
		{"network.apiEndpoint", before.Network.APIEndpoint, c.Network.APIEndpoint, "placeholder"},
		{"cni", before.CNI, c.CNI, "default"},
		{"ingress", before.Ingress, c.Ingress, "default"},
		{"kubeProxy.enabled", text(before.KubeProxy.Enabled), text(c.KubeProxy.Enabled), "default"},
		{"csi", before.CSI, c.CSI, "default"},
	} {
		if f.before == "" && f.after != "" {
			found = append(found, Finding{Field: f.field, Value: f.after, Source: f.source, Assumed: true})
		}
	}
	return found
}

// placeholder is the endpoint of a cluster that is not there to be asked. A name that is reported as wrong is not in it.
func placeholder(name string) string {
	if len(validation.IsDNS1123Label(name)) > 0 {
		name = "cluster"
	}
	return fmt.Sprintf("https://api.%s.internal:6443", name)
}

func text(b *bool) string {
	if b == nil {
		return ""
	}
	return fmt.Sprint(*b)
}

func tenthAddress(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr()
	for range 10 {
		a = a.Next()
	}
	return a
}

// DefaultPodCIDR is the default of network.podCIDR.
func DefaultPodCIDR() string { return defaultNetwork().PodCIDR }

func defaultNetwork() Network {
	var n Network
	strictyaml.SetDefaults(&n)
	return n
}
