package fieldrules

import (
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (c *checker) pod(o *corev1.Pod) {
	if len(o.Spec.EphemeralContainers) > 0 {
		c.add(field.Forbidden(at("spec").Child("ephemeralContainers"), "remove them: they are added to a pod that runs"))
	}
	for i, v := range o.Spec.Volumes {
		if v.Image != nil { // in a template it may be left to others
			c.require(v.Image.Reference != "", at("spec").Child("volumes").Index(i).Child("image", "reference"), "")
		}
	}
	c.profiles(o.Annotations, &o.Spec, at("metadata").Child("annotations"))
	c.podSpec(&o.Spec, at("spec"))
}

func (c *checker) podTemplateObject(o *corev1.PodTemplate) { c.template(&o.Template, at("template")) }

// template checks the pod template of a controller (apis/core/validation ValidatePodTemplateSpec).
func (c *checker) template(t *corev1.PodTemplateSpec, path *field.Path) {
	c.templateMetadata(&t.ObjectMeta, path.Child("metadata"))
	c.profiles(t.Annotations, &t.Spec, path.Child("metadata", "annotations"))
	if len(t.Spec.EphemeralContainers) > 0 {
		c.add(field.Forbidden(path.Child("spec", "ephemeralContainers"), "remove them: a template cannot have ephemeral containers"))
	}
	c.podSpec(&t.Spec, path.Child("spec"))
}

// templateMetadata checks the labels and annotations of a template, whose name is not looked at.
func (c *checker) templateMetadata(m *metav1.ObjectMeta, path *field.Path) {
	c.labels(m.Labels, path.Child("labels"))
	c.add(validation.ValidateAnnotations(m.Annotations, path.Child("annotations"))...)
}

// podSpec checks a pod (apis/core/validation ValidatePodSpec).
func (c *checker) podSpec(s *corev1.PodSpec, path *field.Path) {
	c.containers(s, c.volumes(s.Volumes, path.Child("volumes")), path)
	c.blockDevices(s, path)
	c.podResources(s, path.Child("resources"))
	oneOf(c, s.RestartPolicy, path.Child("restartPolicy"), corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)
	c.podDNS(s, path)
	c.labels(s.NodeSelector, path.Child("nodeSelector"))
	c.hostPorts(s, path.Child("containers"))
	c.podSecurity(s, path.Child("securityContext"))
	c.claims(s, path)
	c.sleeps(s, path)
	c.resizePolicies(s, path)
	c.userNamespace(s, path)
	c.operatingSystem(s, path)
	c.affinity(s.Affinity, path.Child("affinity"))
	c.tolerations(s.Tolerations, path.Child("tolerations"))
	c.topologySpread(s.TopologySpreadConstraints, path.Child("topologySpreadConstraints"))
	c.podReferences(s, path)
	for i, alias := range s.HostAliases {
		c.ip(alias.IP, path.Child("hostAliases").Index(i).Child("ip"))
		for j, host := range alias.Hostnames {
			c.messages(path.Child("hostAliases").Index(i).Child("hostnames").Index(j), host, utilvalidation.IsDNS1123Subdomain(host))
		}
	}
	for i, gate := range s.ReadinessGates {
		c.messages(path.Child("readinessGates").Index(i).Child("conditionType"), gate.ConditionType, utilvalidation.IsQualifiedName(string(gate.ConditionType)))
	}
	seen := map[string]bool{}
	for i, gate := range s.SchedulingGates {
		c.messages(path.Child("schedulingGates").Index(i), gate.Name, utilvalidation.IsQualifiedName(gate.Name))
		unique(c, seen, gate.Name, path.Child("schedulingGates").Index(i))
	}
	if len(s.SchedulingGates) > 0 && s.NodeName != "" {
		c.add(field.Forbidden(path.Child("nodeName"), "remove it, or schedulingGates"))
	}
	if s.ActiveDeadlineSeconds != nil {
		c.between(*s.ActiveDeadlineSeconds, 1, math.MaxInt32, path.Child("activeDeadlineSeconds"))
	}
	if p := s.PreemptionPolicy; p != nil {
		oneOf(c, *p, path.Child("preemptionPolicy"), corev1.PreemptLowerPriority, corev1.PreemptNever)
	}
	if s.OS != nil {
		oneOfRequired(c, s.OS.Name, path.Child("os", "name"), corev1.Linux, corev1.Windows)
	}
}

// podReferences checks the names of other objects in a pod.
func (c *checker) podReferences(s *corev1.PodSpec, path *field.Path) {
	subdomain := func(name string, path *field.Path) {
		if name != "" {
			c.messages(path, name, validation.NameIsDNSSubdomain(name, false))
		}
	}
	subdomain(s.ServiceAccountName, path.Child("serviceAccountName"))
	subdomain(s.NodeName, path.Child("nodeName"))
	subdomain(s.PriorityClassName, path.Child("priorityClassName"))
	if s.RuntimeClassName != nil {
		c.messages(path.Child("runtimeClassName"), *s.RuntimeClassName, validation.NameIsDNSSubdomain(*s.RuntimeClassName, false))
	}
	for _, name := range []struct{ value, field string }{{s.Hostname, "hostname"}, {s.Subdomain, "subdomain"}} {
		if name.value != "" {
			c.messages(path.Child(name.field), name.value, utilvalidation.IsDNS1123Label(name.value))
		}
	}
}

// podDNS checks dnsPolicy and dnsConfig (apis/core/validation validateDNSPolicy, validatePodDNSConfig).
func (c *checker) podDNS(s *corev1.PodSpec, path *field.Path) {
	oneOf(c, s.DNSPolicy, path.Child("dnsPolicy"), corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone)
	path = path.Child("dnsConfig")
	if s.DNSPolicy == corev1.DNSNone && (s.DNSConfig == nil || len(s.DNSConfig.Nameservers) == 0) {
		c.add(field.Required(path.Child("nameservers"), "give at least one: dnsPolicy is None"))
	}
	if s.DNSConfig == nil {
		return
	}
	if len(s.DNSConfig.Nameservers) > 3 {
		c.add(field.TooMany(path.Child("nameservers"), len(s.DNSConfig.Nameservers), 3))
	}
	for i, server := range s.DNSConfig.Nameservers {
		c.ip(server, path.Child("nameservers").Index(i))
	}
	if len(s.DNSConfig.Searches) > 32 {
		c.add(field.TooMany(path.Child("searches"), len(s.DNSConfig.Searches), 32))
	}
	for i, search := range s.DNSConfig.Searches {
		c.searchDomain(search, path.Child("searches").Index(i))
	}
	for i, option := range s.DNSConfig.Options {
		c.require(option.Name != "", path.Child("options").Index(i).Child("name"), "")
	}
}

// searchDomain allows underscores and the root since 1.33 (RelaxedDNSSearchValidation).
func (c *checker) searchDomain(search string, path *field.Path) {
	if n := len(search); n > 1 && search[n-1] == '.' {
		search = search[:n-1]
	}
	switch {
	case c.minor < 33:
		c.messages(path, search, utilvalidation.IsDNS1123Subdomain(search))
	case search != ".":
		c.messages(path, search, utilvalidation.IsDNS1123SubdomainWithUnderscore(search))
	}
}

// podSecurity checks a pod's security context (apis/core/validation validatePodSpecSecurityContext).
func (c *checker) podSecurity(s *corev1.PodSpec, path *field.Path) {
	if s.HostPID && value(s.ShareProcessNamespace) {
		c.add(field.Invalid(path.Child("shareProcessNamespace"), true, "cannot be true together with hostPID"))
	}
	sc := s.SecurityContext
	if sc == nil {
		return
	}
	c.ids(sc.RunAsUser, sc.RunAsGroup, path)
	if sc.FSGroup != nil {
		c.messages(path.Child("fsGroup"), *sc.FSGroup, utilvalidation.IsValidGroupID(*sc.FSGroup))
	}
	for i, group := range sc.SupplementalGroups {
		c.messages(path.Child("supplementalGroups").Index(i), group, utilvalidation.IsValidGroupID(group))
	}
	c.sysctls(sc.Sysctls, path.Child("sysctls"))
	if p := sc.SupplementalGroupsPolicy; p != nil {
		oneOf(c, *p, path.Child("supplementalGroupsPolicy"), corev1.SupplementalGroupsPolicyMerge, corev1.SupplementalGroupsPolicyStrict)
	}
	if p := sc.SELinuxChangePolicy; p != nil {
		oneOf(c, *p, path.Child("seLinuxChangePolicy"), corev1.SELinuxChangePolicyMountOption, corev1.SELinuxChangePolicyRecursive)
	}
	if p := sc.FSGroupChangePolicy; p != nil {
		oneOf(c, *p, path.Child("fsGroupChangePolicy"), corev1.FSGroupChangeOnRootMismatch, corev1.FSGroupChangeAlways)
	}
	c.seccomp(sc.SeccompProfile, path.Child("seccompProfile"))
	c.appArmor(sc.AppArmorProfile, path.Child("appArmorProfile"))
}

// hostPorts refuses a host port that is not the container's where the pod has the host's network, and those that two
// containers claim (apis/core/validation validatePodHostNetworkDeps, checkHostPortConflicts).
func (c *checker) hostPorts(s *corev1.PodSpec, path *field.Path) {
	seen := map[string]bool{}
	for i, container := range s.Containers {
		for j, port := range container.Ports {
			at := path.Index(i).Child("ports").Index(j).Child("hostPort")
			if s.HostNetwork && port.HostPort != 0 && port.HostPort != port.ContainerPort {
				c.add(field.Invalid(at, port.HostPort, "must be the containerPort: the pod uses hostNetwork"))
			}
			host := port.HostPort
			if s.HostNetwork && host == 0 {
				host = port.ContainerPort // SetDefaults_HostNetwork
			}
			if host != 0 {
				protocol := port.Protocol
				if protocol == "" {
					protocol = corev1.ProtocolTCP
				}
				unique(c, seen, fmt.Sprintf("%s/%s/%d", protocol, port.HostIP, host), at)
			}
		}
	}
}
