package fieldowner

import (
	"reflect"
	"slices"
	"sync"

	"github.com/fitout-dev/fitout/pkg/manifest"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	batchv1beta1 "k8s.io/api/batch/v1beta1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	nodev1beta1 "k8s.io/api/node/v1beta1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// mergeable has the kinds whose merge keys are known: those that addons of Kubernetes 1.15 to 1.21 hold. Later servers merge by
// themselves.
var mergeable = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionregistrationv1.AddToScheme, admissionregistrationv1beta1.AddToScheme, appsv1.AddToScheme, autoscalingv1.AddToScheme,
		batchv1.AddToScheme, batchv1beta1.AddToScheme, coordinationv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme,
		networkingv1beta1.AddToScheme, nodev1beta1.AddToScheme, policyv1beta1.AddToScheme, rbacv1.AddToScheme, schedulingv1.AddToScheme,
		storagev1.AddToScheme, storagev1beta1.AddToScheme,
	} {
		utilruntime.Must(add(s))
	}
	return s
})

// howObjectsMerge returns how the fields of a kind are merged; nil where that is not known.
func howObjectsMerge(o *manifest.Object) strategicpatch.LookupPatchMeta {
	typed, err := mergeable().New(o.GroupVersionKind())
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
