package fieldrules

import (
	"fmt"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// eachContainer calls each for the containers of all kinds that a template can have.
func eachContainer(s *corev1.PodSpec, path *field.Path, each func(o *corev1.Container, path *field.Path)) {
	for i := range s.InitContainers {
		each(&s.InitContainers[i], path.Child("initContainers").Index(i))
	}
	for i := range s.Containers {
		each(&s.Containers[i], path.Child("containers").Index(i))
	}
}

// claims checks the resource claims of a pod, and that containers use no others (apis/core/validation ValidatePodResourceClaims,
// validateResourceClaimNames).
func (c *checker) claims(s *corev1.PodSpec, path *field.Path) {
	names := map[string]bool{}
	for i, claim := range s.ResourceClaims {
		at := path.Child("resourceClaims").Index(i)
		if c.require(claim.Name != "", at.Child("name"), "") {
			c.messages(at.Child("name"), claim.Name, utilvalidation.IsDNS1123Label(claim.Name))
			unique(c, names, claim.Name, at.Child("name"))
		}
		if (claim.ResourceClaimName == nil) == (claim.ResourceClaimTemplateName == nil) && c.minor >= 31 {
			c.add(field.Invalid(at, claim.Name, "must have exactly one of resourceClaimName and resourceClaimTemplateName"))
		}
		for name, value := range map[string]*string{"resourceClaimName": claim.ResourceClaimName, "resourceClaimTemplateName": claim.ResourceClaimTemplateName} {
			if value != nil {
				c.messages(at.Child(name), *value, utilvalidation.IsDNS1123Subdomain(*value))
			}
		}
	}
	eachContainer(s, path, func(o *corev1.Container, path *field.Path) {
		seen := map[string]bool{}
		for i, claim := range o.Resources.Claims {
			at := path.Child("resources", "claims").Index(i)
			if !c.require(claim.Name != "", at.Child("name"), "") {
				continue
			}
			if !names[claim.Name] {
				c.add(field.NotFound(at, claim.Name))
			}
			unique(c, seen, claim.Name+"\x00"+claim.Request, at)
		}
	})
}

// sleeps checks how long hooks sleep: no longer than the pod may take to end (apis/core/validation validateSleepAction). Zero is
// allowed since 1.33.
func (c *checker) sleeps(s *corev1.PodSpec, path *field.Path) {
	grace := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if s.TerminationGracePeriodSeconds != nil {
		grace = *s.TerminationGracePeriodSeconds
	}
	least := int64(1)
	if c.minor >= 33 {
		least = 0
	}
	eachContainer(s, path, func(o *corev1.Container, path *field.Path) {
		if o.Lifecycle == nil {
			return
		}
		for name, hook := range map[string]*corev1.LifecycleHandler{"postStart": o.Lifecycle.PostStart, "preStop": o.Lifecycle.PreStop} {
			if hook != nil && hook.Sleep != nil && (hook.Sleep.Seconds < least || hook.Sleep.Seconds > grace) {
				c.add(field.Invalid(path.Child("lifecycle", name, "sleep", "seconds"), hook.Sleep.Seconds,
					fmt.Sprintf("must be from %d to terminationGracePeriodSeconds, %d", least, grace)))
			}
		}
	})
}

// resizePolicies checks how containers take other resources (apis/core/validation validateResizePolicy).
func (c *checker) resizePolicies(s *corev1.PodSpec, path *field.Path) {
	eachContainer(s, path, func(o *corev1.Container, path *field.Path) {
		seen := map[corev1.ResourceName]bool{}
		for i, p := range o.ResizePolicy {
			at := path.Child("resizePolicy").Index(i)
			oneOfRequired(c, p.ResourceName, at.Child("resourceName"), corev1.ResourceCPU, corev1.ResourceMemory)
			unique(c, seen, p.ResourceName, at.Child("resourceName"))
			oneOfRequired(c, p.RestartPolicy, at.Child("restartPolicy"), corev1.NotRequired, corev1.RestartContainer)
			if s.RestartPolicy == corev1.RestartPolicyNever && p.RestartPolicy == corev1.RestartContainer {
				c.add(field.Invalid(at.Child("restartPolicy"), p.RestartPolicy, "must be NotRequired: the pod's restartPolicy is Never"))
			}
		}
	})
}

// sysctlName is the form of a kernel parameter (apis/core/validation SysctlContainSlashFmt).
var sysctlName = regexp.MustCompile(`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`)

// sysctls checks kernel parameters (apis/core/validation validateSysctls).
func (c *checker) sysctls(list []corev1.Sysctl, path *field.Path) {
	seen := map[string]bool{}
	for i, s := range list {
		at := path.Index(i).Child("name")
		if c.require(s.Name != "", at, "") && (len(s.Name) > 253 || !sysctlName.MatchString(s.Name)) {
			c.add(field.Invalid(at, s.Name, "must be the name of a kernel parameter, such as net.ipv4.ip_forward"))
		}
		unique(c, seen, s.Name, at)
	}
}

// userNamespace checks a pod with users of its own, which cannot have the node's namespaces (apis/core/validation
// validateHostUsers).
func (c *checker) userNamespace(s *corev1.PodSpec, path *field.Path) {
	if s.HostUsers == nil || *s.HostUsers {
		eachContainer(s, path, func(o *corev1.Container, path *field.Path) {
			if sc := o.SecurityContext; sc != nil && value(sc.ProcMount) == corev1.UnmaskedProcMount && c.minor >= 30 {
				c.add(field.Invalid(path.Child("securityContext", "procMount"), corev1.UnmaskedProcMount, "needs hostUsers: false"))
			}
		})
		return
	}
	for _, f := range []struct {
		name string
		set  bool
	}{{"hostNetwork", s.HostNetwork}, {"hostPID", s.HostPID}, {"hostIPC", s.HostIPC}} {
		if f.set {
			c.add(field.Forbidden(path.Child(f.name), "remove it, or hostUsers: false"))
		}
	}
}

// operatingSystem checks that a pod has no settings of another system than it names (apis/core/validation validateWindows,
// validateLinux).
func (c *checker) operatingSystem(s *corev1.PodSpec, path *field.Path) {
	if s.OS == nil || s.OS.Name != corev1.Windows && s.OS.Name != corev1.Linux {
		return
	}
	refuse := func(set bool, path *field.Path) {
		if set {
			c.add(field.Forbidden(path, "remove it: os.name is "+string(s.OS.Name)))
		}
	}
	if s.OS.Name == corev1.Windows {
		refuse(s.HostPID, path.Child("hostPID"))
		refuse(s.HostIPC, path.Child("hostIPC"))
		refuse(s.HostUsers != nil, path.Child("hostUsers"))
		refuse(s.ShareProcessNamespace != nil, path.Child("shareProcessNamespace"))
	}
	if sc := s.SecurityContext; sc != nil {
		at := path.Child("securityContext")
		if s.OS.Name == corev1.Linux {
			refuse(sc.WindowsOptions != nil, at.Child("windowsOptions"))
		} else {
			for name, set := range map[string]bool{
				"appArmorProfile": sc.AppArmorProfile != nil, "seLinuxOptions": sc.SELinuxOptions != nil, "seccompProfile": sc.SeccompProfile != nil,
				"fsGroup": sc.FSGroup != nil, "fsGroupChangePolicy": sc.FSGroupChangePolicy != nil, "sysctls": len(sc.Sysctls) > 0,
				"runAsUser": sc.RunAsUser != nil, "runAsGroup": sc.RunAsGroup != nil, "supplementalGroups": sc.SupplementalGroups != nil,
				"supplementalGroupsPolicy": sc.SupplementalGroupsPolicy != nil,
			} {
				refuse(set, at.Child(name))
			}
		}
	}
	eachContainer(s, path, func(o *corev1.Container, path *field.Path) {
		sc := o.SecurityContext
		if sc == nil {
			return
		}
		at := path.Child("securityContext")
		if s.OS.Name == corev1.Linux {
			refuse(sc.WindowsOptions != nil, at.Child("windowsOptions"))
			return
		}
		for name, set := range map[string]bool{
			"appArmorProfile": sc.AppArmorProfile != nil, "seLinuxOptions": sc.SELinuxOptions != nil, "seccompProfile": sc.SeccompProfile != nil,
			"capabilities": sc.Capabilities != nil, "readOnlyRootFilesystem": sc.ReadOnlyRootFilesystem != nil, "privileged": sc.Privileged != nil,
			"allowPrivilegeEscalation": sc.AllowPrivilegeEscalation != nil, "procMount": sc.ProcMount != nil,
			"runAsUser": sc.RunAsUser != nil, "runAsGroup": sc.RunAsGroup != nil,
		} {
			refuse(set, at.Child(name))
		}
	})
}
