package changeset

import (
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// readers returns what becomes of the pods that read a ConfigMap or Secret which changes: those of a workload that restarts
// read it then, those that mount it reload it, and those that have it in their environment keep what they have.
func (s *Set) readers(c Change) (Effect, []Pods) {
	effect, all := Configuration, []Pods(nil)
	for _, w := range s.Changes {
		if w.Live == nil || w.ID.Namespace != c.ID.Namespace {
			continue
		}
		reaction, reads := reads(w.Wanted, c.ID)
		pods := podsOf(w.Live, reaction)
		if !reads || len(pods) == 0 {
			continue
		}
		if len(w.Pods) > 0 {
			pods[0].Reaction = w.Pods[0].Reaction
		}
		if pods[0].Reaction == Reloads {
			effect = Reload
		}
		all = append(all, pods...)
	}
	return effect, all
}

// reads reports whether the pods of a workload read an object, and how they get what is new in it.
func reads(workload *manifest.Object, id manifest.ID) (Reaction, bool) {
	fields, found, _ := unstructured.NestedMap(workload.Object, manifest.PodSpecPath(workload.GetKind())...)
	var spec corev1.PodSpec
	if !found || manifest.PodSpecPath(workload.GetKind()) == nil || manifest.Into(fields, &spec) != nil {
		return "", false
	}
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = holds(v, id)
	}
	reaction, found := NextStart, false
	for _, c := range spec.Containers {
		for _, m := range c.VolumeMounts {
			if volumes[m.Name] {
				found = true
				if m.SubPath == "" && m.SubPathExpr == "" { // the kubelet does not renew those
					reaction = Reloads
				}
			}
		}
		found = found || inEnvironment(c, id)
	}
	for _, c := range spec.InitContainers {
		for _, m := range c.VolumeMounts {
			found = found || volumes[m.Name]
		}
		found = found || inEnvironment(c, id)
	}
	return reaction, found
}

// holds reports whether a volume holds an object.
func holds(v corev1.Volume, id manifest.ID) bool {
	sources := []corev1.VolumeProjection{{}}
	if v.Projected != nil {
		sources = v.Projected.Sources
	}
	for _, p := range sources {
		switch {
		case id.Kind == "ConfigMap" && (v.ConfigMap != nil && v.ConfigMap.Name == id.Name || p.ConfigMap != nil && p.ConfigMap.Name == id.Name):
			return true
		case id.Kind == "Secret" && (v.Secret != nil && v.Secret.SecretName == id.Name || p.Secret != nil && p.Secret.Name == id.Name):
			return true
		}
	}
	return false
}

// inEnvironment reports whether a container has keys of an object in its environment.
func inEnvironment(c corev1.Container, id manifest.ID) bool {
	for _, from := range c.EnvFrom {
		if id.Kind == "ConfigMap" && from.ConfigMapRef != nil && from.ConfigMapRef.Name == id.Name || id.Kind == "Secret" && from.SecretRef != nil && from.SecretRef.Name == id.Name {
			return true
		}
	}
	for _, e := range c.Env {
		from := e.ValueFrom
		if from == nil {
			continue
		}
		if id.Kind == "ConfigMap" && from.ConfigMapKeyRef != nil && from.ConfigMapKeyRef.Name == id.Name || id.Kind == "Secret" && from.SecretKeyRef != nil && from.SecretKeyRef.Name == id.Name {
			return true
		}
	}
	return false
}
