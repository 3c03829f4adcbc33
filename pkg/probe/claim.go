package probe

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What a claim of a run is called, how much it asks for, and where its volume is in a pod. A driver that makes no volumes
// this small makes a larger one.
const (
	ClaimName    = "volume"
	claimSize    = "1Gi"
	VolumeFolder = "/volume"
)

// Storer is the role of the pods that mount the claim, one after the other.
const Storer = "storer"

// volumeGroup is the group of the pods, to which a volume that has owners is given.
const volumeGroup int64 = 65532

// Claim returns the claim of a run, of a StorageClass or, without one, of the cluster's default.
func (o Options) Claim(class string) *manifest.Object {
	spec := map[string]any{
		"accessModes": []any{"ReadWriteOnce"},
		"resources":   map[string]any{"requests": map[string]any{"storage": claimSize}},
	}
	if class != "" {
		spec["storageClassName"] = class
	}
	claim := &manifest.Object{Object: map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": ClaimName, "namespace": o.Namespace()}, "spec": spec,
	}}
	claim.SetLabels(map[string]string{LabelRun: o.Run, labelManagedBy: managedBy})
	return claim
}

// ClaimPod returns a pod that mounts the claim of a run, on one of the nodes. But for that it is as an asker.
func (o Options) ClaimPod(name string, nodes []string) (*manifest.Object, error) {
	objects, err := Objects(o)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(objects, func(o *manifest.Object) bool { return o.GetKind() == "DaemonSet" && o.GetName() == Asker })
	pod, found, err := unstructured.NestedMap(objects[i].Object, "spec", "template")
	if err != nil || !found {
		return nil, fmt.Errorf("objects of the probes: %s has no template: %w", Asker, err)
	}
	pod["apiVersion"], pod["kind"] = "v1", "Pod"
	p := &manifest.Object{Object: pod}
	p.SetName(name)
	p.SetNamespace(o.Namespace())
	p.SetLabels(map[string]string{LabelRun: o.Run, LabelRole: Storer, labelManagedBy: managedBy})
	spec := pod["spec"].(map[string]any)
	spec["affinity"] = onOneOf(nodes)
	spec["volumes"] = []any{map[string]any{"name": ClaimName, "persistentVolumeClaim": map[string]any{"claimName": ClaimName}}}
	spec["securityContext"].(map[string]any)["fsGroup"] = volumeGroup
	container := spec["containers"].([]any)[0].(map[string]any)
	container["volumeMounts"] = []any{map[string]any{"name": ClaimName, "mountPath": VolumeFolder}}
	return p, nil
}

// onOneOf leaves the choice to the scheduler, which knows where a volume can be made: a pod that is put on a node past it
// would wait for ever for a volume that is made where its pod goes.
func onOneOf(nodes []string) map[string]any {
	var terms []any
	for _, node := range nodes { // a field takes one value
		terms = append(terms, map[string]any{"matchFields": []any{
			map[string]any{"key": "metadata.name", "operator": "In", "values": []any{node}},
		}})
	}
	return map[string]any{"nodeAffinity": map[string]any{
		"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{"nodeSelectorTerms": terms},
	}}
}
