package fieldrules

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// projectedPaths wants each file of a projected volume to come from one source (apis/core/validation validateProjectionSources).
func (c *checker) projectedPaths(s *corev1.ProjectedVolumeSource, path *field.Path) {
	seen := map[string]bool{}
	for i, source := range s.Sources {
		at := path.Child("sources").Index(i)
		var paths []string
		switch {
		case source.Secret != nil:
			paths = keyPathsOf(source.Secret.Items)
		case source.ConfigMap != nil:
			paths = keyPathsOf(source.ConfigMap.Items)
		case source.DownwardAPI != nil:
			for _, item := range source.DownwardAPI.Items {
				paths = append(paths, item.Path)
			}
		case source.ServiceAccountToken != nil:
			paths = []string{source.ServiceAccountToken.Path}
		}
		for _, p := range paths {
			if p != "" && seen[p] {
				c.add(field.Invalid(at, p, "must not be the path of two files"))
			}
			seen[p] = true
		}
	}
}

func keyPathsOf(items []corev1.KeyToPath) []string {
	var paths []string
	for _, item := range items {
		paths = append(paths, item.Path)
	}
	return paths
}
