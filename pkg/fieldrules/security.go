package fieldrules

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// containerSecurity checks a container's security context (apis/core/validation ValidateSecurityContext).
func (c *checker) containerSecurity(sc *corev1.SecurityContext, path *field.Path) {
	if sc == nil {
		return
	}
	c.ids(sc.RunAsUser, sc.RunAsGroup, path)
	if sc.ProcMount != nil {
		oneOf(c, *sc.ProcMount, path.Child("procMount"), corev1.DefaultProcMount, corev1.UnmaskedProcMount)
	}
	c.seccomp(sc.SeccompProfile, path.Child("seccompProfile"))
	c.appArmor(sc.AppArmorProfile, path.Child("appArmorProfile"))
	if sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation {
		return
	}
	if value(sc.Privileged) {
		c.add(field.Invalid(path.Child("allowPrivilegeEscalation"), false, "must not be false for a privileged container"))
	}
	if sc.Capabilities == nil {
		return
	}
	for i, capability := range sc.Capabilities.Add {
		if capability == "CAP_SYS_ADMIN" {
			c.add(field.Invalid(path.Child("capabilities", "add").Index(i), capability, "needs allowPrivilegeEscalation"))
		}
	}
}

func (c *checker) ids(user, group *int64, path *field.Path) {
	if user != nil {
		c.messages(path.Child("runAsUser"), *user, utilvalidation.IsValidUserID(*user))
	}
	if group != nil {
		c.messages(path.Child("runAsGroup"), *group, utilvalidation.IsValidGroupID(*group))
	}
}

// profiles checks annotations of former versions that name profiles of containers (apis/core/validation ValidateAppArmorPodAnnotations,
// ValidateSeccompPodAnnotations).
func (c *checker) profiles(annotations map[string]string, s *corev1.PodSpec, path *field.Path) {
	names := map[string]bool{}
	eachContainer(s, path, func(o *corev1.Container, _ *field.Path) { names[o.Name] = true })
	for key, profile := range annotations {
		if name, is := strings.CutPrefix(key, corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix); is {
			if !names[name] {
				c.add(field.Invalid(path.Key(key), name, "must be the name of a container"))
			}
			if profile != "" && profile != "runtime/default" && profile != "unconfined" && !strings.HasPrefix(profile, "localhost/") {
				c.add(field.Invalid(path.Key(key), profile, "must be runtime/default, unconfined or localhost/PROFILE"))
			}
		}
		if key == "seccomp.security.alpha.kubernetes.io/pod" || strings.HasPrefix(key, "container.seccomp.security.alpha.kubernetes.io/") {
			if profile != "runtime/default" && profile != "docker/default" && profile != "unconfined" && !strings.HasPrefix(profile, "localhost/") {
				c.add(field.Invalid(path.Key(key), profile, "must be runtime/default, unconfined or localhost/PROFILE"))
			}
		}
	}
}

// seccomp checks a profile, which names a file if and only if it is on the node (validateSeccompProfileField).
func (c *checker) seccomp(p *corev1.SeccompProfile, path *field.Path) {
	if p == nil {
		return
	}
	oneOfRequired(c, p.Type, path.Child("type"), corev1.SeccompProfileTypeLocalhost, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined)
	local := p.Type == corev1.SeccompProfileTypeLocalhost
	if local {
		c.require(value(p.LocalhostProfile) != "", path.Child("localhostProfile"), "name the profile's file, or use another type")
		c.inside(value(p.LocalhostProfile), path.Child("localhostProfile"))
	} else if p.LocalhostProfile != nil {
		c.add(field.Invalid(path.Child("localhostProfile"), *p.LocalhostProfile, "can only be set if type is Localhost"))
	}
}

// appArmor checks a profile (ValidateAppArmorProfileField).
func (c *checker) appArmor(p *corev1.AppArmorProfile, path *field.Path) {
	if p == nil {
		return
	}
	oneOfRequired(c, p.Type, path.Child("type"), corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined)
	if p.Type == corev1.AppArmorProfileTypeLocalhost {
		c.require(strings.TrimSpace(value(p.LocalhostProfile)) != "", path.Child("localhostProfile"), "name the profile, or use another type")
	} else if p.LocalhostProfile != nil {
		c.add(field.Invalid(path.Child("localhostProfile"), *p.LocalhostProfile, "can only be set if type is Localhost"))
	}
}
