package manifest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The resource names and scopes of Kubernetes, as kubectl api-resources prints them (those of 1.15 to 1.37 that are known
// here; + is namespaced).
const apiResources = `
/ConfigMap configmaps +
/Endpoints endpoints +
/LimitRange limitranges +
/Namespace namespaces
/PersistentVolume persistentvolumes
/PersistentVolumeClaim persistentvolumeclaims +
/Pod pods +
/ResourceQuota resourcequotas +
/Secret secrets +
/Service services +
/ServiceAccount serviceaccounts +
admissionregistration.k8s.io/MutatingWebhookConfiguration mutatingwebhookconfigurations
admissionregistration.k8s.io/ValidatingAdmissionPolicy validatingadmissionpolicies
admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings
admissionregistration.k8s.io/ValidatingWebhookConfiguration validatingwebhookconfigurations
apiextensions.k8s.io/CustomResourceDefinition customresourcedefinitions
apiregistration.k8s.io/APIService apiservices
apps/DaemonSet daemonsets +
apps/Deployment deployments +
apps/ReplicaSet replicasets +
apps/StatefulSet statefulsets +
autoscaling/HorizontalPodAutoscaler horizontalpodautoscalers +
batch/CronJob cronjobs +
batch/Job jobs +
coordination.k8s.io/Lease leases +
flowcontrol.apiserver.k8s.io/FlowSchema flowschemas
flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration prioritylevelconfigurations
networking.k8s.io/Ingress ingresses +
networking.k8s.io/IngressClass ingressclasses
networking.k8s.io/NetworkPolicy networkpolicies +
node.k8s.io/RuntimeClass runtimeclasses
policy/PodDisruptionBudget poddisruptionbudgets +
policy/PodSecurityPolicy podsecuritypolicies
rbac.authorization.k8s.io/ClusterRole clusterroles
rbac.authorization.k8s.io/ClusterRoleBinding clusterrolebindings
rbac.authorization.k8s.io/Role roles +
rbac.authorization.k8s.io/RoleBinding rolebindings +
scheduling.k8s.io/PriorityClass priorityclasses
storage.k8s.io/CSIDriver csidrivers
storage.k8s.io/StorageClass storageclasses
storage.k8s.io/VolumeAttachment volumeattachments
`

func TestKindsOfKubernetes(t *testing.T) {
	kinds := manifest.KindsOf(nil)
	var lines []string
	for _, k := range slices.SortedFunc(maps.Keys(kinds), func(a, b schema.GroupKind) int {
		return strings.Compare(a.Group+"/"+a.Kind, b.Group+"/"+b.Kind)
	}) {
		line := fmt.Sprintf("%s/%s %s", k.Group, k.Kind, kinds[k].Name)
		if kinds[k].Namespaced {
			line += " +"
		}
		lines = append(lines, line)
	}
	if diff := cmp.Diff(strings.TrimSpace(apiResources), strings.Join(lines, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestKindsOfDefinitions(t *testing.T) {
	const definition = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x},
  spec: {group: net.example, names: {kind: Fish, plural: fish}`
	for name, test := range map[string]struct {
		definition string
		want       manifest.Resource
	}{
		"namespaced":     {definition + `, scope: Namespaced}}`, manifest.Resource{Name: "fish", Namespaced: true}},
		"of the cluster": {definition + `, scope: Cluster}}`, manifest.Resource{Name: "fish"}},
		"v1beta1, whose default is to be namespaced": {strings.Replace(definition, "/v1,", "/v1beta1,", 1) + `}}`, manifest.Resource{Name: "fish", Namespaced: true}},
	} {
		t.Run(name, func(t *testing.T) {
			objects := parse(t, a+"---\n"+test.definition+"\n---\n{apiVersion: net.example/v1alpha2, kind: Fish, metadata: {name: f}}\n")
			gvr, got, err := manifest.KindsOf(objects).Of(objects[2])
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
			if gvr.String() != "net.example/v1alpha2, Resource=fish" {
				t.Error(gvr)
			}
		})
	}
}

func TestKindsOf(t *testing.T) {
	objects := parse(t, "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a, namespace: x}}")
	gvr, r, err := manifest.KindsOf(nil).Of(objects[0])
	if err != nil || gvr.String() != "apps/v1, Resource=daemonsets" || !r.Namespaced {
		t.Errorf("%s, %+v, error %v", gvr, r, err)
	}
	for text, want := range map[string]string{
		"{apiVersion: net.example/v1, kind: Fish, metadata: {name: f, namespace: x}}": "Fish x/f: the kind Fish.net.example is neither built into Kubernetes nor defined by a CustomResourceDefinition of the bundle; render its definition too",
		"{apiVersion: apps/v1, kind: ConfigMap, metadata: {name: f}}":                 "ConfigMap f: the kind ConfigMap.apps is neither built into Kubernetes nor defined by a CustomResourceDefinition of the bundle; render its definition too",
	} {
		if _, _, err := manifest.KindsOf(objects).Of(parse(t, text)[0]); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// Groups of the API server have no dot, or are listed; all others are of definitions.
func TestBuiltInGroup(t *testing.T) {
	for group, want := range map[string]bool{
		"": true, "apps": true, "extensions": true, "rbac.authorization.k8s.io": true, "certificates.k8s.io": true,
		"cilium.io": false, "snapshot.storage.k8s.io": false, "metrics.k8s.io": false,
	} {
		if got := manifest.BuiltInGroup(group); got != want {
			t.Errorf("%q: %v", group, got)
		}
	}
}

func TestPodSpecPath(t *testing.T) {
	for kind, want := range map[string]string{
		"DaemonSet": "spec.template.spec", "ReplicaSet": "spec.template.spec", "Job": "spec.template.spec", "CronJob": "spec.jobTemplate.spec.template.spec", "Pod": "spec",
		"ConfigMap": "", "PodDisruptionBudget": "",
	} {
		if got := strings.Join(manifest.PodSpecPath(kind), "."); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}
