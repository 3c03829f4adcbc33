package fieldrules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// service is checked as in apis/core/validation ValidateService.
func (c *checker) service(o *corev1.Service) {
	s, path := &o.Spec, at("spec")
	headless := s.ClusterIP == corev1.ClusterIPNone
	external := s.Type == corev1.ServiceTypeExternalName
	if len(s.Ports) == 0 && !headless && !external {
		c.add(field.Required(path.Child("ports"), "give at least one port"))
	}
	oneOf(c, s.Type, path.Child("type"), corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)
	oneOf(c, s.SessionAffinity, path.Child("sessionAffinity"), corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)
	c.labels(s.Selector, path.Child("selector"))
	c.servicePorts(s, path)
	c.serviceAddresses(s, path)
	if external {
		if c.require(s.ExternalName != "", path.Child("externalName"), "") {
			c.messages(path.Child("externalName"), s.ExternalName, utilvalidation.IsDNS1123Subdomain(strings.TrimSuffix(s.ExternalName, ".")))
		}
		if s.ClusterIP != "" {
			c.add(field.Forbidden(path.Child("clusterIP"), "remove it: the type is ExternalName"))
		}
	}
	if headless && (s.Type == corev1.ServiceTypeNodePort || s.Type == corev1.ServiceTypeLoadBalancer) {
		c.add(field.Invalid(path.Child("clusterIP"), s.ClusterIP, "must not be None for a Service of type "+string(s.Type)))
	}
	c.traffic(s, path)
	if a := s.SessionAffinityConfig; a != nil && a.ClientIP != nil && a.ClientIP.TimeoutSeconds != nil {
		c.between(int64(*a.ClientIP.TimeoutSeconds), 1, 86400, path.Child("sessionAffinityConfig", "clientIP", "timeoutSeconds"))
	}
}

// traffic checks the policies of a Service and the ports that depend on its type.
func (c *checker) traffic(s *corev1.ServiceSpec, path *field.Path) {
	oneOf(c, s.ExternalTrafficPolicy, path.Child("externalTrafficPolicy"), corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
	outside := s.Type == corev1.ServiceTypeNodePort || s.Type == corev1.ServiceTypeLoadBalancer || len(s.ExternalIPs) > 0 && s.Type != corev1.ServiceTypeExternalName
	if s.ExternalTrafficPolicy != "" && !outside {
		c.add(field.Invalid(path.Child("externalTrafficPolicy"), s.ExternalTrafficPolicy, "may only be set for type NodePort or LoadBalancer"))
	}
	if d := s.TrafficDistribution; d != nil && c.minor >= 34 {
		oneOfRequired(c, *d, path.Child("trafficDistribution"), corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode)
	}
	if p := s.InternalTrafficPolicy; p != nil {
		oneOf(c, *p, path.Child("internalTrafficPolicy"), corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)
	}
	if s.HealthCheckNodePort != 0 && (s.Type != corev1.ServiceTypeLoadBalancer || s.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal) {
		c.add(field.Invalid(path.Child("healthCheckNodePort"), s.HealthCheckNodePort, "may only be set for type LoadBalancer with externalTrafficPolicy: Local"))
	}
	if s.LoadBalancerClass != nil {
		if s.Type != corev1.ServiceTypeLoadBalancer {
			c.add(field.Forbidden(path.Child("loadBalancerClass"), "remove it, or use type LoadBalancer"))
		}
		c.messages(path.Child("loadBalancerClass"), *s.LoadBalancerClass, utilvalidation.IsQualifiedName(*s.LoadBalancerClass))
	}
	if s.AllocateLoadBalancerNodePorts != nil && s.Type != corev1.ServiceTypeLoadBalancer {
		c.add(field.Forbidden(path.Child("allocateLoadBalancerNodePorts"), "remove it, or use type LoadBalancer"))
	}
	if len(s.LoadBalancerSourceRanges) > 0 && s.Type != corev1.ServiceTypeLoadBalancer {
		c.add(field.Forbidden(path.Child("loadBalancerSourceRanges"), "remove it, or use type LoadBalancer"))
	}
	for i, cidr := range s.LoadBalancerSourceRanges {
		c.cidr(strings.TrimSpace(cidr), path.Child("loadBalancerSourceRanges").Index(i))
	}
}

func (c *checker) servicePorts(s *corev1.ServiceSpec, path *field.Path) {
	names, numbers, nodePorts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, p := range s.Ports {
		at := path.Child("ports").Index(i)
		if p.Name != "" {
			c.messages(at.Child("name"), p.Name, utilvalidation.IsDNS1123Label(p.Name))
			unique(c, names, p.Name, at.Child("name"))
		} else if len(s.Ports) > 1 {
			c.add(field.Required(at.Child("name"), "name every port: there are several"))
		}
		c.port(p.Port, at.Child("port"))
		c.protocol(p.Protocol, at.Child("protocol"))
		if target := p.TargetPort; target.StrVal != "" || target.IntVal != 0 {
			c.portOrName(target, at.Child("targetPort"))
		}
		if p.AppProtocol != nil {
			c.messages(at.Child("appProtocol"), *p.AppProtocol, utilvalidation.IsQualifiedName(*p.AppProtocol))
		}
		protocol := string(p.Protocol)
		if protocol == "" {
			protocol = "TCP"
		}
		unique(c, numbers, fmt.Sprintf("%s %d", protocol, p.Port), at)
		if p.NodePort == 0 {
			continue
		}
		if s.Type == "" || s.Type == corev1.ServiceTypeClusterIP || s.Type == corev1.ServiceTypeExternalName {
			c.add(field.Forbidden(at.Child("nodePort"), "remove it, or use type NodePort or LoadBalancer"))
			continue
		}
		unique(c, nodePorts, fmt.Sprintf("%s %d", protocol, p.NodePort), at.Child("nodePort"))
	}
}

// serviceAddresses checks addresses and families; whether an address is free only the cluster knows.
func (c *checker) serviceAddresses(s *corev1.ServiceSpec, path *field.Path) {
	if s.ClusterIP != "" && s.ClusterIP != corev1.ClusterIPNone {
		c.ip(s.ClusterIP, path.Child("clusterIP"))
	}
	if len(s.ClusterIPs) > 0 && s.ClusterIP != "" && s.ClusterIPs[0] != s.ClusterIP {
		c.add(field.Invalid(path.Child("clusterIPs").Index(0), s.ClusterIPs[0], "must be clusterIP, "+s.ClusterIP))
	}
	if len(s.ClusterIPs) > 0 && s.ClusterIP == "" {
		c.add(field.Required(path.Child("clusterIP"), "give the first of clusterIPs"))
	}
	for i, ip := range s.ClusterIPs {
		if ip != corev1.ClusterIPNone {
			c.ip(ip, path.Child("clusterIPs").Index(i))
		}
	}
	for i, ip := range s.ExternalIPs {
		c.endpointIP(ip, path.Child("externalIPs").Index(i))
	}
	seen := map[corev1.IPFamily]bool{}
	for i, family := range s.IPFamilies {
		oneOf(c, family, path.Child("ipFamilies").Index(i), corev1.IPv4Protocol, corev1.IPv6Protocol)
		unique(c, seen, family, path.Child("ipFamilies").Index(i))
	}
	if p := s.IPFamilyPolicy; p != nil {
		oneOf(c, *p, path.Child("ipFamilyPolicy"), corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack)
		if *p == corev1.IPFamilyPolicySingleStack && len(s.IPFamilies) > 1 {
			c.add(field.Invalid(path.Child("ipFamilyPolicy"), *p, "must be PreferDualStack or RequireDualStack with two ipFamilies"))
		}
	}
}

// ip checks an address. Leading zeros passed before 1.36 (StrictIPCIDRValidation).
func (c *checker) ip(text string, path *field.Path) {
	c.add(utilvalidation.IsValidIPForLegacyField(path, text, c.minor >= 36, nil)...)
}

// cidr checks a range; since 1.36 without bits behind the prefix.
func (c *checker) cidr(text string, path *field.Path) {
	c.add(utilvalidation.IsValidCIDRForLegacyField(path, text, c.minor >= 36, nil)...)
}

// endpointIP refuses addresses that reach only the node itself (apis/core/validation ValidateEndpointIP).
func (c *checker) endpointIP(text string, path *field.Path) {
	before := len(c.faults)
	c.ip(text, path)
	if len(c.faults) > before {
		return
	}
	addr, err := netip.ParseAddr(netutils.ParseIPSloppy(text).String())
	if err == nil && (addr.IsUnspecified() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsLinkLocalMulticast()) {
		c.add(field.Invalid(path, text, "must not be an unspecified, loopback or link-local address"))
	}
}

// endpoints is checked as in apis/core/validation ValidateEndpoints.
//
//lint:ignore SA1019 clusters still have Endpoints, and charts write them
func (c *checker) endpoints(o *corev1.Endpoints) {
	for i, subset := range o.Subsets {
		path := at("subsets").Index(i)
		if len(subset.Addresses)+len(subset.NotReadyAddresses) == 0 {
			c.add(field.Required(path, "give addresses or notReadyAddresses"))
		}
		for j, a := range slices.Concat(subset.Addresses, subset.NotReadyAddresses) {
			c.endpointIP(a.IP, path.Child("addresses").Index(j).Child("ip"))
		}
		for j, p := range subset.Ports {
			at := path.Child("ports").Index(j)
			if len(subset.Ports) > 1 {
				c.require(p.Name != "", at.Child("name"), "name every port: there are several")
			}
			if p.Name != "" {
				c.messages(at.Child("name"), p.Name, utilvalidation.IsDNS1123Label(p.Name))
			}
			c.port(p.Port, at.Child("port"))
			c.protocol(p.Protocol, at.Child("protocol"))
		}
	}
}

// endpointSlice is checked as in apis/discovery/validation ValidateEndpointSlice.
func (c *checker) endpointSlice(o *discoveryv1.EndpointSlice) {
	oneOfRequired(c, o.AddressType, at("addressType"), discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6, discoveryv1.AddressTypeFQDN)
	for i, e := range o.Endpoints {
		path := at("endpoints").Index(i).Child("addresses")
		c.require(len(e.Addresses) > 0, path, "")
		for j, address := range e.Addresses {
			if o.AddressType == discoveryv1.AddressTypeFQDN {
				c.add(utilvalidation.IsFullyQualifiedDomainName(path.Index(j), address)...)
				continue
			}
			c.endpointIP(address, path.Index(j))
			if parsed := netutils.ParseIPSloppy(address); parsed != nil && netutils.IsIPv6(parsed) != (o.AddressType == discoveryv1.AddressTypeIPv6) {
				c.add(field.Invalid(path.Index(j), address, "must be of the family "+string(o.AddressType)))
			}
		}
	}
	names := map[string]bool{}
	for i, p := range o.Ports {
		path := at("ports").Index(i)
		if name := value(p.Name); name != "" {
			c.messages(path.Child("name"), name, utilvalidation.IsDNS1123Label(name))
		}
		unique(c, names, value(p.Name), path.Child("name"))
		c.protocolOrNone(p.Protocol, path.Child("protocol"))
	}
}
