package fieldrules

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// networkPolicy is checked as in apis/networking/validation ValidateNetworkPolicySpec.
func (c *checker) networkPolicy(o *networkingv1.NetworkPolicy) {
	path := at("spec")
	c.selector(&o.Spec.PodSelector, path.Child("podSelector"))
	for i, rule := range o.Spec.Ingress {
		c.policyRule(rule.Ports, rule.From, path.Child("ingress").Index(i), "from")
	}
	for i, rule := range o.Spec.Egress {
		c.policyRule(rule.Ports, rule.To, path.Child("egress").Index(i), "to")
	}
	if len(o.Spec.PolicyTypes) > 2 {
		c.add(field.TooMany(path.Child("policyTypes"), len(o.Spec.PolicyTypes), 2))
	}
	for i, t := range o.Spec.PolicyTypes {
		oneOfRequired(c, t, path.Child("policyTypes").Index(i), networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress)
	}
}

func (c *checker) policyRule(ports []networkingv1.NetworkPolicyPort, peers []networkingv1.NetworkPolicyPeer, path *field.Path, direction string) {
	for i := range ports {
		c.policyPort(&ports[i], path.Child("ports").Index(i))
	}
	for i := range peers {
		c.policyPeer(&peers[i], path.Child(direction).Index(i))
	}
}

func (c *checker) policyPort(p *networkingv1.NetworkPolicyPort, path *field.Path) {
	c.protocolOrNone(p.Protocol, path.Child("protocol"))
	if p.Port != nil {
		c.portOrName(*p.Port, path.Child("port"))
	}
	if p.EndPort == nil {
		return
	}
	c.port(*p.EndPort, path.Child("endPort"))
	if p.Port == nil || p.Port.Type == intstr.String || *p.EndPort < p.Port.IntVal {
		c.add(field.Invalid(path.Child("endPort"), *p.EndPort, "must be at least port, which must be a number"))
	}
}

func (c *checker) policyPeer(p *networkingv1.NetworkPolicyPeer, path *field.Path) {
	c.selector(p.PodSelector, path.Child("podSelector"))
	c.selector(p.NamespaceSelector, path.Child("namespaceSelector"))
	switch set := members(p); {
	case len(set) == 0:
		c.add(field.Required(path, "give podSelector, namespaceSelector or ipBlock"))
	case p.IPBlock != nil && len(set) > 1:
		c.add(field.Forbidden(path.Child("ipBlock"), "remove it, or the selectors"))
	}
	if p.IPBlock != nil && c.require(p.IPBlock.CIDR != "", path.Child("ipBlock", "cidr"), "") {
		c.ipBlock(p.IPBlock, path.Child("ipBlock"))
	}
}

func (c *checker) ipBlock(b *networkingv1.IPBlock, path *field.Path) {
	c.cidr(b.CIDR, path.Child("cidr"))
	_, outer, err := netutils.ParseCIDRSloppy(b.CIDR)
	if err != nil {
		return
	}
	for i, except := range b.Except {
		at := path.Child("except").Index(i)
		c.cidr(except, at)
		_, inner, err := netutils.ParseCIDRSloppy(except)
		if err != nil {
			continue
		}
		outerBits, _ := outer.Mask.Size()
		innerBits, _ := inner.Mask.Size()
		if !outer.Contains(inner.IP) || outerBits >= innerBits {
			c.add(field.Invalid(at, except, "must be a part of cidr, "+b.CIDR))
		}
	}
}

// ingress is checked as in apis/networking/validation ValidateIngressSpec.
func (c *checker) ingress(o *networkingv1.Ingress) {
	s, path := &o.Spec, at("spec")
	if len(s.Rules) == 0 && s.DefaultBackend == nil {
		c.add(field.Required(path.Child("rules"), "give rules or a defaultBackend"))
	}
	if s.DefaultBackend != nil {
		c.backend(s.DefaultBackend, path.Child("defaultBackend"))
	}
	if s.IngressClassName != nil {
		c.messages(path.Child("ingressClassName"), *s.IngressClassName, validation.NameIsDNSSubdomain(*s.IngressClassName, false))
		class, both := o.Annotations["kubernetes.io/ingress.class"]
		switch path := at("metadata").Child("annotations").Key("kubernetes.io/ingress.class"); {
		case !both:
		case c.minor < 20:
			c.add(field.Invalid(path, class, "cannot be set together with spec.ingressClassName"))
		case class != *s.IngressClassName: // since 1.29 at the latest
			c.add(field.Invalid(path, class, "must be spec.ingressClassName, "+*s.IngressClassName))
		}
	}
	for i, rule := range s.Rules {
		at := path.Child("rules").Index(i)
		if rule.Host != "" {
			if netutils.ParseIPSloppy(rule.Host) != nil {
				c.add(field.Invalid(at.Child("host"), rule.Host, "must be a DNS name, not an IP address"))
			}
			c.host(rule.Host, at.Child("host"))
		}
		if rule.HTTP != nil {
			c.require(len(rule.HTTP.Paths) > 0, at.Child("http", "paths"), "give at least one path")
			for j := range rule.HTTP.Paths {
				c.httpPath(&rule.HTTP.Paths[j], at.Child("http", "paths").Index(j))
			}
		}
	}
	for i, tls := range s.TLS {
		for j, host := range tls.Hosts {
			c.host(host, path.Child("tls").Index(i).Child("hosts").Index(j))
		}
		if tls.SecretName != "" {
			c.messages(path.Child("tls").Index(i).Child("secretName"), tls.SecretName, validation.NameIsDNSSubdomain(tls.SecretName, false))
		}
	}
}

func (c *checker) host(host string, path *field.Path) {
	if strings.Contains(host, "*") {
		c.messages(path, host, utilvalidation.IsWildcardDNS1123Subdomain(host))
	} else {
		c.messages(path, host, utilvalidation.IsDNS1123Subdomain(host))
	}
}

func (c *checker) httpPath(p *networkingv1.HTTPIngressPath, path *field.Path) {
	kind := value(p.PathType)
	oneOfRequired(c, kind, path.Child("pathType"), networkingv1.PathTypeExact, networkingv1.PathTypePrefix, networkingv1.PathTypeImplementationSpecific)
	strict := kind == networkingv1.PathTypeExact || kind == networkingv1.PathTypePrefix
	if (strict || p.Path != "") && !strings.HasPrefix(p.Path, "/") {
		c.add(field.Invalid(path.Child("path"), p.Path, "must be an absolute path"))
	}
	if strict {
		for _, part := range []string{"//", "/./", "/../", "%2f", "%2F"} {
			if strings.Contains(p.Path, part) {
				c.add(field.Invalid(path.Child("path"), p.Path, "must not contain "+part))
			}
		}
		for _, end := range []string{"/..", "/."} {
			if strings.HasSuffix(p.Path, end) {
				c.add(field.Invalid(path.Child("path"), p.Path, "must not end with "+end))
			}
		}
	}
	c.backend(&p.Backend, path.Child("backend"))
}

func (c *checker) backend(b *networkingv1.IngressBackend, path *field.Path) {
	c.oneMember(b, path)
	if b.Resource != nil {
		c.require(b.Resource.Kind != "", path.Child("resource", "kind"), "")
		c.require(b.Resource.Name != "", path.Child("resource", "name"), "")
	}
	s := b.Service
	if s == nil {
		return
	}
	at := path.Child("service")
	if c.require(s.Name != "", at.Child("name"), "") {
		check := validation.NameIsDNS1035Label
		if c.minor >= 36 {
			check = validation.NameIsDNSLabel
		}
		c.messages(at.Child("name"), s.Name, check(s.Name, false))
	}
	at = at.Child("port")
	switch {
	case s.Port.Name != "" && s.Port.Number != 0:
		c.add(field.Forbidden(at.Child("number"), "keep name or number"))
	case s.Port.Name != "":
		c.messages(at.Child("name"), s.Port.Name, utilvalidation.IsValidPortName(s.Port.Name))
	case s.Port.Number != 0:
		c.port(s.Port.Number, at.Child("number"))
	default:
		c.add(field.Required(at, "give the name or the number of a port"))
	}
}

// ingressClass is checked as in apis/networking/validation ValidateIngressClass.
func (c *checker) ingressClass(o *networkingv1.IngressClass) {
	if name := o.Spec.Controller; c.require(name != "", at("spec").Child("controller"), "name it, such as example.org/controller") {
		if len(name) > 250 {
			c.add(field.TooLong(at("spec").Child("controller"), "", 250))
		}
		c.add(utilvalidation.IsDomainPrefixedPath(at("spec").Child("controller"), name)...)
	}
	p := o.Spec.Parameters
	if p == nil {
		return
	}
	path := at("spec").Child("parameters")
	c.require(p.Kind != "", path.Child("kind"), "")
	c.require(p.Name != "", path.Child("name"), "")
	scope := value(p.Scope)
	oneOf(c, scope, path.Child("scope"), "Cluster", "Namespace")
	if scope == "Namespace" {
		c.require(value(p.Namespace) != "", path.Child("namespace"), "")
	} else if p.Namespace != nil {
		c.add(field.Forbidden(path.Child("namespace"), "remove it: the scope is Cluster"))
	}
}
