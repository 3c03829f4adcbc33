package upgrade

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Release is a release of Helm, and the kinds that it holds objects of.
type Release struct {
	Namespace, Name string
	Kinds           []schema.GroupVersionKind
}

// RemovedIn says which kinds releases hold in versions that API servers of one minor serve, and those of another do not, one line
// each: Helm compares the next manifest with the last one, and asks for that in the versions that stand in it (helm#7219).
func RemovedIn(releases []Release, from, to *kubeapi.Snapshot, minor string) []string {
	var lines []string
	for _, r := range releases {
		for _, gvk := range r.Kinds {
			if slices.Contains(from.Versions(gvk.GroupKind()), gvk.Version) && !slices.Contains(to.Versions(gvk.GroupKind()), gvk.Version) {
				lines = append(lines, fmt.Sprintf("Helm release %s/%s holds %s of %s, which Kubernetes %s does not serve: helm upgrade will fail then; upgrade the release to a chart without it before, or rewrite it with the Helm plugin mapkubeapis",
					r.Namespace, r.Name, gvk.Kind, gvk.GroupVersion(), minor))
			}
		}
	}
	return lines
}
