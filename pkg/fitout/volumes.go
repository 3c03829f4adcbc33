package fitout

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/corefile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A server is what is known of the container that reads an edited object.
type server struct {
	container corefile.Container
	released  bool // the image's tag is the addon's version; somebody's own build may have other plugins
}

// alwaysThere are files that every container has: from its image, the kubelet and the runtime.
var alwaysThere = []string{"/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/etc/ssl", "/dev", "/proc", "/var/run/secrets", "/run/secrets"}

// serverOf finds the container of the addon that mounts the edited ConfigMap, whose keys are those of the given objects. Where
// there is none, no file is missed.
func serverOf(a render.Addon, edit bundle.Edit, objects ...*manifest.Object) server {
	for _, o := range a.Objects {
		spec, ok := podSpec(o)
		if !ok {
			continue
		}
		for _, c := range spec.Containers {
			if s := (mounting{spec: spec, container: c, edit: edit, keys: keysOf(objects)}).server(); s.container.Dir != "" {
				s.released = imageVersion(c.Image) == a.Version
				return s
			}
		}
	}
	return server{}
}

// podSpec returns the pod of a workload.
func podSpec(o *manifest.Object) (corev1.PodSpec, bool) {
	var spec corev1.PodSpec
	fields, found, err := unstructured.NestedMap(o.Object, "spec", "template", "spec")
	if err != nil || !found || manifest.Into(fields, &spec) != nil {
		return spec, false
	}
	return spec, true
}

// keysOf returns the keys of ConfigMaps.
func keysOf(objects []*manifest.Object) []string {
	keys := map[string]bool{}
	for _, o := range objects {
		for _, field := range []string{"data", "binaryData"} {
			data, _, _ := unstructured.NestedMap(o.Object, field)
			for key := range data {
				keys[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// imageVersion returns the version that an image's tag names: 1.14.2 of registry/coredns:v1.14.2@sha256:...
func imageVersion(image string) string {
	image, _, _ = strings.Cut(image, "@")
	return strings.TrimPrefix(image[strings.LastIndexByte(image, ':')+1:], "v")
}

// A mounting is a container with what its pod mounts into it.
type mounting struct {
	spec      corev1.PodSpec
	container corev1.Container
	edit      bundle.Edit
	keys      []string // of the edited ConfigMap
}

// server tells the files of the edited ConfigMap from those of other volumes. Dir is empty if the container does not have it.
func (m mounting) server() server {
	var s server
	for _, mount := range m.container.VolumeMounts {
		at := slices.IndexFunc(m.spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		switch {
		case at < 0:
		case m.edit.Kind == "ConfigMap" && m.spec.Volumes[at].ConfigMap != nil && m.spec.Volumes[at].ConfigMap.Name == m.edit.Name:
			names, dir := m.names(mount, m.spec.Volumes[at].ConfigMap.Items)
			s.container.Names = append(s.container.Names, names...)
			if s.container.Dir == "" {
				s.container.Dir = dir
			}
		default:
			s.container.Mounts = append(s.container.Mounts, mount.MountPath)
		}
	}
	s.container.Mounts = append(s.container.Mounts, alwaysThere...)
	s.container.Variables = variables(m.container)
	return s
}

// variables are the environment variables of a container; nil where they come from objects that have not been read.
func variables(c corev1.Container) map[string]*string {
	if len(c.EnvFrom) > 0 {
		return nil
	}
	all := map[string]*string{}
	for _, v := range c.Env {
		all[v.Name] = nil
		if v.ValueFrom == nil && !strings.Contains(v.Value, "$(") {
			all[v.Name] = &v.Value
		}
	}
	return all
}

// names returns the paths of the keys, and the folder in which the edited one is.
func (m mounting) names(mount corev1.VolumeMount, items []corev1.KeyToPath) (names []string, dir string) {
	edited := m.edit.Path()[1]
	files := map[string]string{}
	for _, key := range m.keys {
		files[key] = key
	}
	if len(items) > 0 {
		files = map[string]string{}
		for _, item := range items {
			files[item.Key] = item.Path
		}
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		name := path.Join(mount.MountPath, files[key])
		if mount.SubPath != "" {
			if files[key] != mount.SubPath {
				continue
			}
			name = mount.MountPath
		}
		names = append(names, name)
		if key == edited {
			dir = path.Dir(name)
		}
	}
	return names, dir
}
