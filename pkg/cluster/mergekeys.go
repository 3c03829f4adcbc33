package cluster

import (
	"reflect"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// howObjectsMerge returns how the fields of a kind are merged; nil where that is not known.
func howObjectsMerge(o *manifest.Object) strategicpatch.LookupPatchMeta {
	typed, err := mergeable.New(o.GroupVersionKind())
	if err != nil { // definitions, API services, custom resources
		return nil
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return nil
	}
	return meta
}

// A manner is how one field is merged.
type manner struct {
	next      strategicpatch.LookupPatchMeta // of what is in it; nil where it is not known
	byElement bool                           // a list of which each side may have elements of its own
	key       string                         // by which its elements are told apart; none of plain values
	retain    bool                           // what is set decides which fields there are: the sources of a volume
	free      bool                           // a map whose keys anyone may choose: labels
	atomic    bool                           // set as a whole
}

// atomicTypes and atomicMaps are what server-side apply sets as a whole, of those that a strategic merge would not
// (k8s.io/api v0.37, +structType=atomic and +mapType=atomic).
var (
	atomicTypes = []string{
		"ConfigMapKeySelector", "FileKeySelector", "LabelSelector", "LocalObjectReference", "NodeSelector", "ObjectFieldSelector", "ObjectReference",
		"OwnerReference", "ResourceFieldSelector", "RoleRef", "ScopeSelector", "SecretKeySelector", "SecretReference", "ServiceBackendPort", "TypedLocalObjectReference",
	}
	atomicMaps = []string{"nodeSelector", "selector"}
)

// howMerged looks up how a field is merged.
func howMerged(parent strategicpatch.LookupPatchMeta, key string, isList bool) manner {
	free := slices.Contains([]string{"labels", "annotations"}, key)
	if parent == nil {
		return manner{free: free}
	}
	lookup := parent.LookupPatchMetadataForStruct
	if isList {
		lookup = parent.LookupPatchMetadataForSlice
	}
	next, how, err := lookup(key)
	if err != nil {
		return manner{free: free}
	}
	t := next.(strategicpatch.PatchMetaFromStruct).T // what made the parent made it
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	isMap := t.Kind() == reflect.Map
	return manner{
		next:      next,
		byElement: isList && slices.Contains(how.GetPatchStrategies(), "merge"),
		key:       how.GetPatchMergeKey(),
		retain:    slices.Contains(how.GetPatchStrategies(), "retainKeys"),
		free:      free || isMap,
		atomic:    isMap && slices.Contains(atomicMaps, key) || slices.Contains(atomicTypes, t.Name()),
	}
}

func (how manner) holds(list []any, element any) bool { return how.index(list, element) >= 0 }

// index finds the element of a list that is the same as one of another list: -1 where there is none.
func (how manner) index(list []any, element any) int {
	return slices.IndexFunc(list, func(e any) bool { return how.id(e) == how.id(element) })
}

// id is what an element is known by.
func (how manner) id(element any) string {
	if e, isMap := element.(map[string]any); isMap && how.key != "" {
		return elementText(e, how.key)
	}
	return keyText(element)
}

// elementText selects an element in a path: [containerPort=53,protocol="UDP"]. Ports are also told apart by their protocol,
// as server-side apply does though the strategic merge does not.
func elementText(e map[string]any, mergeKey string) string {
	text := mergeKey + "=" + keyText(e[mergeKey])
	if mergeKey == "containerPort" || mergeKey == "port" {
		protocol := e["protocol"]
		if protocol == nil {
			protocol = "TCP"
		}
		text += ",protocol=" + keyText(protocol)
	}
	return "[" + text + "]"
}
