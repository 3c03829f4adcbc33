package fieldrules

import (
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// containers checks all containers of a pod, whose names are unique together (apis/core/validation validateContainers,
// validateInitContainers).
func (c *checker) containers(s *corev1.PodSpec, volumes map[string]bool, path *field.Path) {
	seen := map[string]bool{}
	if c.require(len(s.Containers) > 0, path.Child("containers"), "give at least one container") {
		for i := range s.Containers {
			at := path.Child("containers").Index(i)
			c.container(&s.Containers[i], volumes, seen, at)
			c.probes(&s.Containers[i], at)
			c.containerRestart(s.Containers[i].RestartPolicy, false, at.Child("restartPolicy"))
		}
	}
	for i := range s.InitContainers {
		at := path.Child("initContainers").Index(i)
		container := &s.InitContainers[i]
		c.container(container, volumes, seen, at)
		c.containerRestart(container.RestartPolicy, true, at.Child("restartPolicy"))
		if value(container.RestartPolicy) == corev1.ContainerRestartPolicyAlways {
			c.probes(container, at)
			continue
		}
		for name, set := range map[string]bool{
			"lifecycle": container.Lifecycle != nil, "livenessProbe": container.LivenessProbe != nil,
			"readinessProbe": container.ReadinessProbe != nil, "startupProbe": container.StartupProbe != nil,
		} {
			if set {
				c.add(field.Forbidden(at.Child(name), "remove it, or set restartPolicy: Always"))
			}
		}
	}
	for i := range s.EphemeralContainers {
		container := corev1.Container(s.EphemeralContainers[i].EphemeralContainerCommon)
		c.container(&container, volumes, seen, path.Child("ephemeralContainers").Index(i))
	}
}

// containerRestart checks a container's own restartPolicy, which only init containers had before 1.35.
func (c *checker) containerRestart(p *corev1.ContainerRestartPolicy, init bool, path *field.Path) {
	switch {
	case p == nil:
	case c.minor >= 35:
		oneOf(c, *p, path, corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)
	case !init:
		c.add(field.Forbidden(path, "remove it: only init containers have one"))
	default:
		oneOf(c, *p, path, corev1.ContainerRestartPolicyAlways)
	}
}

// container checks what containers of all kinds have (apis/core/validation validateContainerCommon).
func (c *checker) container(o *corev1.Container, volumes, seen map[string]bool, path *field.Path) {
	if c.require(o.Name != "", path.Child("name"), "") {
		c.messages(path.Child("name"), o.Name, utilvalidation.IsDNS1123Label(o.Name))
		unique(c, seen, o.Name, path.Child("name"))
	}
	c.require(o.Image != "", path.Child("image"), "")
	if o.Image != strings.TrimSpace(o.Image) {
		c.add(field.Invalid(path.Child("image"), o.Image, "must not have leading or trailing whitespace"))
	}
	oneOf(c, o.TerminationMessagePolicy, path.Child("terminationMessagePolicy"), corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)
	oneOf(c, o.ImagePullPolicy, path.Child("imagePullPolicy"), corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
	c.containerPorts(o.Ports, path.Child("ports"))
	c.env(o.Env, path.Child("env"))
	c.envFrom(o.EnvFrom, path.Child("envFrom"))
	c.mounts(o, volumes, path)
	c.resources(&o.Resources, path.Child("resources"))
	c.containerSecurity(o.SecurityContext, path.Child("securityContext"))
}

func (c *checker) containerPorts(ports []corev1.ContainerPort, path *field.Path) {
	seen := map[string]bool{}
	for i, port := range ports {
		at := path.Index(i)
		if port.Name != "" {
			c.messages(at.Child("name"), port.Name, utilvalidation.IsValidPortName(port.Name))
			unique(c, seen, port.Name, at.Child("name"))
		}
		if c.require(port.ContainerPort != 0, at.Child("containerPort"), "") {
			c.port(port.ContainerPort, at.Child("containerPort"))
		}
		if port.HostPort != 0 {
			c.port(port.HostPort, at.Child("hostPort"))
		}
		c.protocol(port.Protocol, at.Child("protocol"))
	}
}

func (c *checker) port(port int32, path *field.Path) {
	c.messages(path, port, utilvalidation.IsValidPortNum(int(port)))
}

func (c *checker) protocol(p corev1.Protocol, path *field.Path) {
	oneOf(c, p, path, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
}

// mounts checks volumeMounts and volumeDevices (apis/core/validation ValidateVolumeMounts, ValidateVolumeDevices).
func (c *checker) mounts(o *corev1.Container, volumes map[string]bool, parent *field.Path) {
	paths, devices := map[string]bool{}, map[string]bool{}
	for i, m := range o.VolumeMounts {
		at := parent.Child("volumeMounts").Index(i)
		if c.require(m.Name != "", at.Child("name"), "") && !volumes[m.Name] {
			c.add(field.Invalid(at.Child("name"), m.Name, "must be the name of a volume of the pod"))
		}
		if c.require(m.MountPath != "", at.Child("mountPath"), "") && paths[m.MountPath] {
			c.add(field.Invalid(at.Child("mountPath"), m.MountPath, "must be unique in the container"))
		}
		paths[m.MountPath] = true
		c.inside(m.SubPath, at.Child("subPath"))
		c.inside(m.SubPathExpr, at.Child("subPathExpr"))
		if m.SubPath != "" && m.SubPathExpr != "" {
			c.add(field.Invalid(at.Child("subPathExpr"), m.SubPathExpr, "cannot be given together with subPath"))
		}
		if p := m.MountPropagation; p != nil {
			oneOf(c, *p, at.Child("mountPropagation"), corev1.MountPropagationNone, corev1.MountPropagationHostToContainer, corev1.MountPropagationBidirectional)
			if *p == corev1.MountPropagationBidirectional && (o.SecurityContext == nil || !value(o.SecurityContext.Privileged)) {
				c.add(field.Forbidden(at.Child("mountPropagation"), "use HostToContainer, or make the container privileged"))
			}
		}
	}
	c.recursiveReadOnly(o.VolumeMounts, parent.Child("volumeMounts"))
	for i, d := range o.VolumeDevices {
		at := parent.Child("volumeDevices").Index(i)
		if c.require(d.Name != "", at.Child("name"), "") && !volumes[d.Name] {
			c.add(field.Invalid(at.Child("name"), d.Name, "must be the name of a volume of the pod"))
		}
		unique(c, devices, d.Name, at.Child("name"))
		if c.require(d.DevicePath != "", at.Child("devicePath"), "") && paths[d.DevicePath] {
			c.add(field.Invalid(at.Child("devicePath"), d.DevicePath, "must be unique in the container"))
		}
	}
}

// recursiveReadOnly checks mounts that are read-only with all below them (apis/core/validation validateMountRecursiveReadOnly).
func (c *checker) recursiveReadOnly(mounts []corev1.VolumeMount, path *field.Path) {
	for i, m := range mounts {
		at := path.Index(i).Child("recursiveReadOnly")
		how := value(m.RecursiveReadOnly)
		oneOf(c, how, at, corev1.RecursiveReadOnlyDisabled, corev1.RecursiveReadOnlyIfPossible, corev1.RecursiveReadOnlyEnabled)
		if how == "" || how == corev1.RecursiveReadOnlyDisabled {
			continue
		}
		if !m.ReadOnly {
			c.add(field.Forbidden(at, "remove it, or set readOnly: true"))
		}
		if p := value(m.MountPropagation); p != "" && p != corev1.MountPropagationNone {
			c.add(field.Forbidden(at, "remove it, or mountPropagation"))
		}
	}
}

// blockDevices wants devices to be volumes that claims make (apis/core/validation ValidateVolumeDevices).
func (c *checker) blockDevices(s *corev1.PodSpec, path *field.Path) {
	claimed := map[string]bool{}
	for _, v := range s.Volumes {
		claimed[v.Name] = v.PersistentVolumeClaim != nil || v.Ephemeral != nil
	}
	eachContainer(s, path, func(o *corev1.Container, path *field.Path) {
		for i, d := range o.VolumeDevices {
			if byClaim, there := claimed[d.Name]; there && !byClaim {
				c.add(field.Invalid(path.Child("volumeDevices").Index(i).Child("name"), d.Name, "must be a volume with persistentVolumeClaim or ephemeral"))
			}
		}
	})
}

// inside checks a path that must stay below where it starts.
func (c *checker) inside(p string, at *field.Path) {
	if p == "" {
		return
	}
	if path.IsAbs(p) {
		c.add(field.Invalid(at, p, "must be a relative path"))
	}
	c.noBacksteps(p, at)
}

func (c *checker) noBacksteps(p string, at *field.Path) {
	for part := range strings.SplitSeq(strings.ReplaceAll(p, `\`, "/"), "/") {
		if part == ".." {
			c.add(field.Invalid(at, p, fmt.Sprintf("must not contain %q", "..")))
			return
		}
	}
}

// protocolOrNone checks a protocol that may be absent, but not empty.
func (c *checker) protocolOrNone(p *corev1.Protocol, path *field.Path) {
	if p != nil {
		oneOfRequired(c, *p, path, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
	}
}
