package clusterfile

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/validation"
)

// resourceName are the names that a container's requests and limits may have (Kubernetes, "Resource Management for Pods").
var resourceName = regexp.MustCompile(`^(cpu|memory|ephemeral-storage|hugepages-[0-9A-Za-z]+|[a-z0-9.-]+/[A-Za-z0-9._-]+)$`)

// validate checks a complete cluster and returns every fault, without file and line.
func (c Cluster) validate() []fault {
	var faults []fault
	add := func(field, problem, remedy string) {
		faults = append(faults, fault{Field: field, Problem: problem, Remedy: remedy})
	}
	if len(validation.IsDNS1123Label(c.Name)) > 0 {
		add("name", is(c.Name), "use lower-case letters, digits and dashes, 63 at the most")
	}
	if _, err := ParseVersion(c.KubernetesVersion); err != nil {
		add("kubernetesVersion", is(c.KubernetesVersion), "give a version such as v1.36.4, or a minor such as 1.36")
	}
	c.validateRegistries(add)
	secretNames(c.ImagePullSecrets, "imagePullSecrets", add)
	c.validateNetwork(add)
	c.validateAddons(add)
	return faults
}

func (c Cluster) validateNetwork(add func(field, problem, remedy string)) {
	n := c.Network
	pods, podsOK := prefix(n.PodCIDR, "network.podCIDR", add)
	services, servicesOK := prefix(n.ServiceCIDR, "network.serviceCIDR", add)
	if podsOK && servicesOK && pods.Overlaps(services) {
		add("network.serviceCIDR", fmt.Sprintf("is %s, which overlaps the pod CIDR %s", services, pods), "give two ranges that do not overlap")
	}
	dns, err := netip.ParseAddr(n.DNSAddress)
	switch {
	case n.DNSAddress == "" && !servicesOK: // its default comes from the service CIDR, which is reported already
	case err != nil:
		add("network.dnsAddress", is(n.DNSAddress), "give an address such as 10.32.0.10")
	case servicesOK && !services.Contains(dns):
		add("network.dnsAddress", fmt.Sprintf("is %s, outside the service CIDR %s", dns, services), fmt.Sprintf("give an address inside it, such as %s", tenthAddress(services)))
	case servicesOK && (dns == services.Addr() || dns == lastAddress(services)):
		add("network.dnsAddress", fmt.Sprintf("is %s, the first or the last address of the service CIDR %s, which no Service can have", dns, services), fmt.Sprintf("give another one, such as %s", tenthAddress(services)))
	case servicesOK && dns == firstAddress(services):
		add("network.dnsAddress", fmt.Sprintf("is %s, the address of the API server's own Service", dns), fmt.Sprintf("give another one, such as %s", tenthAddress(services)))
	}
	if len(validation.IsDNS1123Subdomain(n.DNSDomain)) > 0 {
		add("network.dnsDomain", is(n.DNSDomain), "give a domain such as cluster.local")
	}
	u, err := ParseEndpoint(n.APIEndpoint)
	if err != nil {
		add("network.apiEndpoint", fmt.Sprintf("%s: %v", is(n.APIEndpoint), err), "give a URL such as https://192.0.2.10:6443")
		return
	}
	ip, err := netip.ParseAddr(u.Hostname())
	switch {
	case err != nil: // a name
	case servicesOK && services.Contains(ip):
		add("network.apiEndpoint", fmt.Sprintf("is %s, a Service address, which nothing answers before kube-proxy runs", n.APIEndpoint), "give an address that nodes reach by themselves")
	case podsOK && pods.Contains(ip):
		add("network.apiEndpoint", fmt.Sprintf("is %s, an address of the pod CIDR %s, which nodes look for among the pods", n.APIEndpoint, pods), "give an address outside it, or another pod CIDR")
	}
}

func is(found string) string { return fmt.Sprintf("is %q", strictyaml.Clip(found)) }

func prefix(s, field string, add func(field, problem, remedy string)) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	switch {
	case strings.Contains(s, ","):
		add(field, is(s)+", more than one range", "give the IPv4 range alone; the bundles have no IPv6 yet")
	case err != nil:
		add(field, is(s), "give a range such as 100.64.0.0/15")
	case !p.Addr().Is4():
		add(field, fmt.Sprintf("is %s", s), "give an IPv4 range; the bundles have no IPv6 yet")
	case p.Masked() != p:
		add(field, fmt.Sprintf("is %s, which has bits set after the prefix", s), fmt.Sprintf("give %s", p.Masked()))
	case UnusableRange(p) != "":
		add(field, fmt.Sprintf("is %s, %s", s, UnusableRange(p)), "give a range of addresses for pods or Services, such as one in 10.0.0.0/8")
	case p.Bits() > 26:
		add(field, fmt.Sprintf("is %s, too small a range", s), "give a /26 or larger")
	default:
		return p, true
	}
	return netip.Prefix{}, false
}

func (c Cluster) validateAddons(add func(field, problem, remedy string)) {
	for _, name := range slices.Sorted(maps.Keys(c.Addons)) {
		for _, container := range slices.Sorted(maps.Keys(c.Addons[name].Resources)) {
			r := c.Addons[name].Resources[container]
			path := fmt.Sprintf("addons.%s.resources.%s", name, container)
			quantities(r.Requests, path+".requests", add)
			quantities(r.Limits, path+".limits", add)
		}
		c.Addons[name].Pods.validate(fmt.Sprintf("addons.%s.pods", name), add)
		for _, workload := range slices.Sorted(maps.Keys(c.Addons[name].Workloads)) {
			c.Addons[name].Workloads[workload].validate(strictyaml.Join(fmt.Sprintf("addons.%s.workloads", name), workload), add)
		}
	}
}

func quantities(list map[string]string, path string, add func(field, problem, remedy string)) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if !resourceName.MatchString(name) {
			add(path+"."+name, "is not a resource of Kubernetes", strictyaml.Suggest(name, []string{"cpu", "memory", "ephemeral-storage"})+", or the full name of another, such as example.com/gpu")
		}
		if problem, remedy := UnusableQuantity(name, list[name]); problem != "" {
			add(path+"."+name, problem, remedy)
		}
	}
}
