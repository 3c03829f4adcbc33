package fieldowner

import (
	"testing"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// What Fitout wants, and what somebody else makes of it: fields whose paths are written in every way there is.
const (
	ourDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: kube-system, labels: {a: "1"}, annotations: {a: "1", a.b: "2", example.org/x.z: "3"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - name: main
          image: main:1
          args: [--a]
          env: [{name: X, value: x}]
          ports: [{containerPort: 53, protocol: UDP, name: dns}, {containerPort: 54, protocol: TCP, name: dns-tcp}]
        - {name: side, image: side:1}
      tolerations: [{operator: Exists}]
`
	theirDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: kube-system, annotations: {a.b: theirs, example.org/x.z: theirs}}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: main
          image: main:2
          args: [--b]
          env: [{name: X, value: theirs}]
          ports: [{containerPort: 53, protocol: UDP, name: theirs}, {containerPort: 54, protocol: TCP, name: dns-tcp}]
        - {name: side, image: side:1}
      tolerations: [{key: theirs}]
`
	ourConfig   = "{apiVersion: v1, kind: ConfigMap, metadata: {name: app, namespace: kube-system}, data: {Corefile: ours, a.b: ours, a: ours}}"
	theirConfig = "{apiVersion: v1, kind: ConfigMap, metadata: {name: app, namespace: kube-system}, data: {a.b: theirs}}"
)

// What is found is the same with server-side apply and without.
func TestConflictsLive(t *testing.T) {
	t.Parallel()
	want := []string{
		`ConfigMap kube-system/app: data.a.b is theirs, set by joe; Fitout sets ours`,
		`Deployment kube-system/app: metadata.annotations.a.b is theirs, set by joe; Fitout sets 2`,
		`Deployment kube-system/app: metadata.annotations.example.org/x.z is theirs, set by joe; Fitout sets 3`,
		`Deployment kube-system/app: spec.replicas is 1, set by joe; Fitout sets 0`,
		`Deployment kube-system/app: spec.template.spec.containers[name="main"].args is ["--b"], set by joe; Fitout sets ["--a"]`,
		`Deployment kube-system/app: spec.template.spec.containers[name="main"].env[name="X"].value is theirs, set by joe; Fitout sets x`,
		`Deployment kube-system/app: spec.template.spec.containers[name="main"].image is main:2, set by joe; Fitout sets main:1`,
		`Deployment kube-system/app: spec.template.spec.containers[name="main"].ports[containerPort=53,protocol="UDP"].name is theirs, set by joe; Fitout sets dns`,
		`Deployment kube-system/app: spec.template.spec.tolerations is [{"key":"theirs"}], set by joe; Fitout sets [{"operator":"Exists"}]`,
	}
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor})
			config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
			if err != nil {
				t.Fatal(err)
			}
			client, err := dynamic.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, pair := range [][2]string{{ourConfig, theirConfig}, {ourDeployment, theirDeployment}} {
				l := liveConflict{T: t, wanted: object(t, pair[0])}
				gvr, _, err := manifest.KindsOf(nil).Of(l.wanted)
				if err != nil {
					t.Fatal(err)
				}
				l.resource = client.Resource(gvr).Namespace("kube-system")
				got = append(got, texts(l.conflicts(minor == "1.36", object(t, pair[1])))...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type liveConflict struct {
	*testing.T
	resource dynamic.ResourceInterface
	wanted   *manifest.Object
}

// conflicts lets joe change what Fitout created, and returns what is found when Fitout applies it again; the rest of it
// can be applied.
func (l liveConflict) conflicts(serverSide bool, theirs *manifest.Object) []Conflict {
	l.Helper()
	how := types.StrategicMergePatchType
	if serverSide {
		how = types.ApplyPatchType
		if _, err := l.apply(l.wanted, how, FieldManager); err != nil {
			l.Fatal(err)
		}
	} else if _, err := l.resource.Create(l.Context(), l.wanted, metav1.CreateOptions{FieldManager: FieldManager}); err != nil {
		l.Fatal(err)
	}
	live, err := l.apply(theirs, types.MergePatchType, "joe")
	if err != nil {
		l.Fatal(err)
	}
	var conflicts []Conflict
	if serverSide {
		_, err := l.apply(l.wanted, how, FieldManager)
		conflicts = FromServer(err, l.wanted, live)
	} else {
		record, err := l.wanted.MarshalJSON()
		if err != nil {
			l.Fatal(err)
		}
		conflicts = SinceLastApplied(record, l.wanted, live)
	}
	left, err := Without(l.wanted, conflicts)
	if err != nil {
		l.Fatal(err)
	}
	after, err := l.apply(left, how, FieldManager)
	if err != nil {
		l.Fatalf("the rest cannot be applied: %v", err)
	}
	for _, c := range conflicts {
		if diff := cmp.Diff(c.Theirs, fieldOf(after, "."+c.Field)); diff != "" {
			l.Errorf("%s is not theirs any more: %s", c.Field, diff)
		}
	}
	return conflicts
}

func (l liveConflict) apply(o *manifest.Object, how types.PatchType, manager string) (*manifest.Object, error) {
	body, err := o.MarshalJSON()
	if err != nil {
		l.Fatal(err)
	}
	return l.resource.Patch(l.Context(), o.GetName(), how, body, metav1.PatchOptions{FieldManager: manager})
}
