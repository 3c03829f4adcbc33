package fieldowner

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// What is applied, what somebody else makes of it by a merge patch, and what is applied next.
var mergeSteps = map[string]struct{ first, theirs, next string }{
	"deployment": {
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME, namespace: kube-system, labels: {a: "1", b: "1"}}, spec: {replicas: 0, selector: {matchLabels: {app: app}}, template: {metadata: {labels: {app: app}}, spec: {
			nodeSelector: {a: b}, volumes: [{name: v, configMap: {name: v}}, {name: w, emptyDir: {}}],
			containers: [{name: a, image: a, args: [x], env: [{name: X, value: x}, {name: Z, value: z}], ports: [{containerPort: 53, protocol: UDP, name: dns}, {containerPort: 53, protocol: TCP, name: dns-tcp}]}, {name: b, image: b}]}}}}`,
		`{metadata: {annotations: {theirs: "1"}, labels: {theirs: "1"}}, spec: {minReadySeconds: 5}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME, namespace: kube-system, labels: {a: "2"}}, spec: {replicas: 0, selector: {matchLabels: {app: app}}, template: {metadata: {labels: {app: app}}, spec: {
			nodeSelector: {c: d}, volumes: [{name: v, emptyDir: {}}],
			containers: [{name: a, image: c, env: [{name: Z, value: z2}], resources: {limits: {cpu: 1000m}}, ports: [{containerPort: 53, protocol: UDP, name: dns}, {containerPort: 53, protocol: TCP, name: tcp}, {containerPort: 9153, name: metrics}]}, {name: c, image: c}]}}}}`,
	},
	"service": {
		`{apiVersion: v1, kind: Service, metadata: {name: NAME, namespace: kube-system}, spec: {selector: {a: b}, ports: [{port: 53, protocol: UDP, name: dns}, {port: 53, protocol: TCP, name: dns-tcp}]}}`,
		`{metadata: {annotations: {theirs: "1"}}, spec: {sessionAffinity: ClientIP}}`,
		`{apiVersion: v1, kind: Service, metadata: {name: NAME, namespace: kube-system}, spec: {selector: {c: d}, ports: [{port: 53, protocol: TCP, name: tcp, targetPort: 54}, {port: 80, name: web}]}}`,
	},
	"configmap": {
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME, namespace: kube-system, annotations: {a: "1"}}, data: {a: "1", b: "1"}}`,
		`{metadata: {annotations: {theirs: "1"}}, data: {theirs: "1"}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME, namespace: kube-system}, data: {b: "2"}}`,
	},
	"clusterrole": {
		`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: NAME}, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}`,
		`{metadata: {labels: {theirs: "1"}}}`,
		`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: NAME}, rules: [{apiGroups: [""], resources: [pods, nodes], verbs: [get]}]}`,
	},
}

// The merge comes to what server-side apply comes to (1.36), and on an old server (1.18) to what is wanted.
func TestMergeThreeWaysLive(t *testing.T) {
	t.Parallel()
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor})
			config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
			if err != nil {
				t.Fatal(err)
			}
			config.QPS = -1
			client, err := dynamic.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			for name, steps := range mergeSteps {
				m := mergeLive{T: t, client: client, theirs: object(t, "{apiVersion: v1, kind: Patch, metadata: {name: x}, patch: "+steps.theirs+"}").Object["patch"]}
				named := func(text, name string) *manifest.Object { return object(t, strings.ReplaceAll(text, "NAME", name)) }
				merged := m.run(m.merge, named(steps.first, name+"-merged"), named(steps.next, name+"-merged"))
				if d := objectdiff.Differences(named(steps.next, name+"-merged"), merged); d != nil {
					t.Errorf("%s: what is wanted is not there: %v", name, d)
				}
				if minor == "1.18" {
					continue
				}
				applied := m.run(m.apply, named(steps.first, name+"-applied"), named(steps.next, name+"-applied"))
				if diff := cmp.Diff(comparable(applied), comparable(merged)); diff != "" {
					t.Errorf("%s: server-side apply (-) and the merge (+) come to different objects: %s", name, diff)
				}
			}
		})
	}
}

type mergeLive struct {
	*testing.T
	client dynamic.Interface
	theirs any
}

// run applies an object, lets somebody else change it, and applies the next one.
func (m mergeLive) run(apply func(dynamic.ResourceInterface, *manifest.Object, *manifest.Object) (*manifest.Object, error), first, next *manifest.Object) *manifest.Object {
	m.Helper()
	gvr, _, err := manifest.KindsOf(nil).Of(first)
	if err != nil {
		m.Fatal(err)
	}
	resource := m.client.Resource(gvr).Namespace(first.GetNamespace())
	if _, err := apply(resource, nil, first); err != nil {
		m.Fatal(err)
	}
	body, err := json.Marshal(m.theirs)
	if err != nil {
		m.Fatal(err)
	}
	if _, err := resource.Patch(m.Context(), first.GetName(), types.MergePatchType, body, metav1.PatchOptions{FieldManager: "joe"}); err != nil {
		m.Fatal(err)
	}
	live, err := apply(resource, first, next)
	if err != nil {
		m.Fatal(err)
	}
	return live
}

func (m mergeLive) apply(resource dynamic.ResourceInterface, _, wanted *manifest.Object) (*manifest.Object, error) {
	return resource.Apply(m.Context(), wanted.GetName(), wanted, metav1.ApplyOptions{FieldManager: FieldManager})
}

func (m mergeLive) merge(resource dynamic.ResourceInterface, last, wanted *manifest.Object) (*manifest.Object, error) {
	if last == nil {
		return resource.Create(m.Context(), wanted, metav1.CreateOptions{FieldManager: FieldManager})
	}
	live, err := resource.Get(m.Context(), wanted.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	record, err := last.MarshalJSON()
	if err != nil {
		return nil, err
	}
	merged, err := Merge(record, wanted, live)
	if err != nil {
		return nil, err
	}
	return resource.Update(m.Context(), merged, metav1.UpdateOptions{FieldManager: FieldManager})
}

// comparable is what two objects of the same contents have in common.
func comparable(o *manifest.Object) map[string]any {
	o = o.DeepCopy()
	spec, _ := o.Object["spec"].(map[string]any)
	for _, own := range []string{"clusterIP", "clusterIPs"} {
		delete(spec, own)
	}
	delete(o.Object, "status")
	o.Object["metadata"] = []any{o.GetLabels(), o.GetAnnotations(), o.GetFinalizers()}
	return o.Object
}
