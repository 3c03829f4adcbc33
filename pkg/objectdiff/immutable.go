package objectdiff

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Immutable returns the fields of a live object that are to change and that the API server of a Kubernetes minor refuses
// to change, so that the object can only be created anew. Of a Secret it returns no values. Rules of custom resources are
// not known here.
func Immutable(minor string, wanted, live *manifest.Object) []Difference {
	var all []Difference
	for _, r := range immutable[manifest.GroupKindOf(wanted)] {
		if r.until != "" && clusterfile.CompareMinors(minor, r.until) > 0 || r.unless != nil && r.unless(wanted, live) {
			continue
		}
		all = append(all, r.differences(wanted, live)...)
	}
	return all
}

// A rule says that a field cannot be changed once it is set.
type rule struct {
	field  string // spec.selector
	whole  bool   // what the live one has beyond the wanted one is a change, too: the field has no defaults
	each   bool   // of a list, only the elements that both have are compared: others may come and go
	until  string // the last minor that it holds for; empty: it still does
	unless func(wanted, live *manifest.Object) bool
}

// immutable has the rules of each kind; the comments name their source in Kubernetes, as of 1.36. What has no until is the
// same in 1.15 to 1.18 and in 1.34 to 1.37. A live test (pkg/cluster) holds the table to real API servers.
var immutable = map[schema.GroupKind][]rule{
	// pkg/apis/apps/validation: ValidateDeploymentUpdate, ValidateDaemonSetSpecUpdate, ValidateReplicaSetUpdate; in 1.18
	// ValidateUpdate of pkg/registry/apps/*/strategy.go.
	{Group: "apps", Kind: "Deployment"}: {{field: "spec.selector", whole: true}},
	{Group: "apps", Kind: "DaemonSet"}:  {{field: "spec.selector", whole: true}},
	{Group: "apps", Kind: "ReplicaSet"}: {{field: "spec.selector", whole: true}},
	// pkg/apis/apps/validation: ValidateStatefulSetUpdate.
	{Group: "apps", Kind: "StatefulSet"}: {
		{field: "spec.selector", whole: true}, {field: "spec.serviceName"}, {field: "spec.podManagementPolicy"},
		{field: "spec.volumeClaimTemplates", whole: true}, {field: "spec.revisionHistoryLimit", until: "1.18"},
	},
	// pkg/apis/batch/validation: ValidateJobSpecUpdate, validateCompletions, validatePodTemplateUpdate. A suspended Job may
	// change parts of its template.
	{Group: "batch", Kind: "Job"}: {
		{field: "spec.selector"}, {field: "spec.template", unless: suspended}, {field: "spec.completions", unless: indexed},
		{field: "spec.completionMode"}, {field: "spec.podFailurePolicy"}, {field: "spec.backoffLimitPerIndex"},
		{field: "spec.managedBy"}, {field: "spec.successPolicy"},
	},
	// pkg/apis/core/validation: ValidateServiceUpdate, validateUpgradeDowngradeClusterIPs, -IPFamilies,
	// validateLoadBalancerClassField, validateServiceExternalTrafficFieldsUpdate.
	{Kind: "Service"}: {
		{field: "spec.clusterIP", unless: external}, {field: "spec.clusterIPs", each: true, unless: external},
		{field: "spec.ipFamilies", each: true, unless: headless}, {field: "spec.loadBalancerClass"}, {field: "spec.healthCheckNodePort"},
	},
	// pkg/apis/core/validation: ValidatePersistentVolumeClaimUpdate.
	{Kind: "PersistentVolumeClaim"}: {
		{field: "spec.accessModes"}, {field: "spec.selector", whole: true}, {field: "spec.storageClassName"}, {field: "spec.volumeMode"},
	},
	// pkg/apis/core/validation: ValidateConfigMapUpdate.
	{Kind: "ConfigMap"}: {
		{field: "immutable", whole: true, unless: mutable}, {field: "data", whole: true, unless: mutable}, {field: "binaryData", whole: true, unless: mutable},
	},
	// pkg/apis/core/validation: ValidateSecretUpdate.
	{Kind: "Secret"}: {
		{field: "immutable", whole: true, unless: mutable}, {field: "data", whole: true, unless: mutable}, {field: "type"},
	},
	// pkg/apis/storage/validation: ValidateStorageClassUpdate.
	{Group: "storage.k8s.io", Kind: "StorageClass"}: {
		{field: "provisioner"}, {field: "parameters", whole: true}, {field: "reclaimPolicy"}, {field: "volumeBindingMode"},
	},
	// pkg/apis/storage/validation: ValidateCSIDriverUpdate; up to 1.18 the whole spec.
	{Group: "storage.k8s.io", Kind: "CSIDriver"}: {
		{field: "spec.attachRequired"}, {field: "spec.volumeLifecycleModes"}, {field: "spec.podInfoOnMount", until: "1.18"},
	},
	// pkg/apis/rbac/validation: ValidateRoleBindingUpdate, ValidateClusterRoleBindingUpdate.
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:        {{field: "roleRef"}},
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}: {{field: "roleRef"}},
	// pkg/apis/networking/validation: validateIngressClassSpecUpdate.
	{Group: "networking.k8s.io", Kind: "IngressClass"}: {{field: "spec.controller"}},
	// pkg/apis/scheduling/validation: ValidatePriorityClassUpdate.
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}: {{field: "value"}, {field: "preemptionPolicy"}},
	// pkg/apis/node/validation: ValidateRuntimeClassUpdate.
	{Group: "node.k8s.io", Kind: "RuntimeClass"}: {{field: "handler"}},
	// apiextensions-apiserver, pkg/apis/apiextensions/validation: validateCustomResourceDefinitionSpecUpdate. Scope and kind
	// can be changed until the definition is established, which takes a moment.
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}: {
		{field: "spec.group"}, {field: "spec.names.plural"}, {field: "spec.names.kind"}, {field: "spec.scope"},
	},
}

func suspended(_, live *manifest.Object) bool { return field(live, "spec.suspend") == true }

func indexed(_, live *manifest.Object) bool { return field(live, "spec.completionMode") == "Indexed" }

func mutable(_, live *manifest.Object) bool { return field(live, "immutable") != true }

// external tells a Service that is or becomes a name outside of the cluster, which has no address, and one that leaves its
// address to the server.
func external(wanted, live *manifest.Object) bool {
	const name = "ExternalName"
	return field(wanted, "spec.type") == name || field(live, "spec.type") == name || field(wanted, "spec.clusterIP") == ""
}

// headless tells a Service that has no address.
func headless(wanted, live *manifest.Object) bool {
	return external(wanted, live) || field(live, "spec.clusterIP") == "None"
}

func (r rule) differences(wanted, live *manifest.Object) []Difference {
	at := place{}
	for key := range strings.SplitSeq(r.field, ".") {
		at = at.key(key)
	}
	want, got := field(wanted, r.field), field(live, r.field)
	secret := wanted.GetKind() == "Secret" && r.field == "data"
	if secret {
		want = secretData(wanted)
	}
	if r.each {
		want, got = alike(want, got)
	}
	var all []Difference
	if got != nil || r.whole { // the server drops a field that it does not know
		all = differences(want, got, at)
	}
	if r.whole {
		all = append(all, surplus(want, got, r.field)...)
	}
	for i := range all {
		if secret {
			all[i].Want, all[i].Got = hidden, hidden
		}
	}
	return all
}

// hidden stands for the values of Secrets.
const hidden = "(hidden)"

// field returns the value of a field, nil where there is none.
func field(o *manifest.Object, path string) any {
	v, _, _ := unstructured.NestedFieldNoCopy(o.Object, strings.Split(path, ".")...)
	return v
}

// secretData returns a Secret's data as the server keeps it, which has what was given as plain text among it.
func secretData(o *manifest.Object) any {
	plain, _ := field(o, "stringData").(map[string]any)
	data, isMap := field(o, "data").(map[string]any)
	if len(plain) == 0 || !isMap && field(o, "data") != nil {
		return field(o, "data")
	}
	all := maps.Clone(data)
	if all == nil {
		all = map[string]any{}
	}
	for key, value := range plain {
		all[key] = base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(value)))
	}
	return all
}

// alike cuts two lists to the same length.
func alike(a, b any) (any, any) {
	listA, isListA := a.([]any)
	listB, isListB := b.([]any)
	if !isListA || !isListB {
		return a, b
	}
	n := min(len(listA), len(listB))
	return listA[:n], listB[:n]
}

// surplus returns what a live value has beyond the wanted one. It does not look into lists.
func surplus(want, got any, path string) []Difference {
	g, isMap := got.(map[string]any)
	list, isList := got.([]any)
	switch {
	case isMap:
		w, alsoMap := want.(map[string]any)
		if want != nil && !alsoMap {
			return nil // differs as a whole
		}
		var all []Difference
		for _, key := range slices.Sorted(maps.Keys(g)) {
			all = append(all, surplus(w[key], g[key], path+"."+key)...)
		}
		return all
	case want != nil || got == nil || isList && len(list) == 0:
		return nil
	}
	return []Difference{{Path: path, Got: got}}
}
