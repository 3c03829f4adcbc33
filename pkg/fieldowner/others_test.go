package fieldowner

import (
	"fmt"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"

	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// Fields that somebody else has set are told from those that Fitout has, and from those that are gone.
func TestOthers(t *testing.T) {
	wanted := `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: demo}
spec:
  replicas: 2
  paused: true
  template: {spec: {containers: [{name: main, image: main:2}, {name: side, image: side:2}]}}`
	live := `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: demo
  managedFields:
    - manager: fitout
      fieldsV1: {f:spec: {f:template: {f:spec: {f:containers: {'k:{"name":"main"}': {f:image: {}}}}}}}
    - manager: kubectl-edit
      fieldsV1: {f:spec: {f:replicas: {}, f:template: {f:spec: {f:containers: {'k:{"name":"side"}': {f:image: {}}}}}}}
spec:
  replicas: 3
  template: {spec: {containers: [{name: main, image: main:1}, {name: side, image: side:1}]}}`
	got := others(object(t, wanted), object(t, live), ownedByOthers)
	if diff := cmp.Diff([]string{"spec.replicas", "spec.template.spec.containers[1].image"}, got); diff != "" {
		t.Error(diff)
	}
}

// A sidecar, a volume and a node selector of somebody else are theirs; an element that is wanted and gone is not.
func TestOthersElements(t *testing.T) {
	const wanted = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: app}, spec: {template: {spec: {nodeSelector: {os: linux}, containers: [{name: a, image: a, resources: {}, ports: [{containerPort: 53, protocol: UDP}]}], volumes: [{name: v, emptyDir: {}}]}}}}"
	live := func(image, volumes string) string {
		return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: app, managedFields: [{manager: kubectl-edit, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:nodeSelector": {}, "f:containers": {"k:{\"name\":\"side\"}": {".": {}, "f:name": {}}}}}}}},
			{manager: fitout, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}}}}}}}}]},
			spec: {template: {spec: {nodeSelector: {pool: x}, containers: [{name: side, image: s}, {name: a, image: ` + image + `, ports: [{containerPort: 53, protocol: UDP}]}], volumes: ` + volumes + `}}}}`
	}
	const theirs, volumes = "[spec.template.spec.containers spec.template.spec.nodeSelector.os", "[{name: x, emptyDir: {}}, {name: v, emptyDir: {}}]"
	for name, test := range map[string]struct{ image, volumes, want string }{
		"elements of others":          {"a", volumes, theirs + " spec.template.spec.volumes]"},
		"ours is gone":                {"a", "[{name: x, emptyDir: {}}, {name: y, emptyDir: {}}]", theirs + "]"},
		"ours is another and is ours": {"b", volumes, "[spec.template.spec.nodeSelector.os spec.template.spec.volumes]"},
	} {
		if got := fmt.Sprint(Others(object(t, wanted), object(t, live(test.image, test.volumes)), true)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// Without an account of who manages a field, it is what was applied last that tells.
func TestOthersByWhatWasApplied(t *testing.T) {
	container := func(main, side string, replicas string) string {
		return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: app, namespace: demo}, spec: {replicas: ` + replicas +
			`, template: {spec: {containers: [{name: main, image: "main:` + main + `"}, {name: side, image: "side:` + side + `"}]}}}}`
	}
	wanted, live := object(t, container("2", "2", "2")), object(t, container("1", "x", "3"))
	applied := object(t, container("1", "1", "2")) // main was not touched since; it is another bundle that wants main:2
	record(t, live, applied)
	got := others(wanted, live, changedByOthers)
	if diff := cmp.Diff([]string{"spec.replicas", "spec.template.spec.containers[1].image"}, got); diff != "" {
		t.Error(diff)
	}
	live.SetAnnotations(map[string]string{LastApplied: "no base64"})
	if got := others(wanted, live, changedByOthers); got != nil {
		t.Errorf("without a record: %v", got)
	}
}

func record(t *testing.T, live, applied *manifest.Object) {
	t.Helper()
	text, err := EncodeApplied(applied)
	if err != nil {
		t.Fatal(err)
	}
	live.SetAnnotations(map[string]string{LastApplied: text})
}

// Whoever owns the field itself goes before whoever owns the map that it is in: Fitout still does after it left the only
// field of the map to others.
func TestOthersOwnTheOnlyFieldOfAMap(t *testing.T) {
	live := object(t, `
apiVersion: v1
kind: ConfigMap
metadata:
  name: dns
  namespace: demo
  managedFields:
    - manager: fitout
      fieldsV1: {f:metadata: {f:labels: {f:a: {}}}, f:data: {}}
    - manager: kubectl-edit
      fieldsV1: {f:data: {f:Corefile: {}}}
data: {Corefile: theirs}`)
	wanted := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: dns, namespace: demo}, data: {Corefile: ours}}")
	if diff := cmp.Diff([]string{"data.Corefile"}, others(wanted, live, ownedByOthers)); diff != "" {
		t.Error(diff)
	}
}

// The server's own bookkeeping (apimachinery's field manager): somebody changes the only field of a map, Fitout leaves it to
// them, run after run, and it is theirs in every check.
func TestOthersKeepTheOnlyFieldOfAMap(t *testing.T) {
	wanted := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: dns, namespace: demo, labels: {a: b}}, data: {Corefile: ours}}")
	theirs := wanted.DeepCopy()
	theirs.Object["data"] = map[string]any{"Corefile": "theirs"}
	left, err := Without(wanted, []Conflict{{Field: "data.Corefile"}})
	if err != nil {
		t.Fatal(err)
	}
	server := managedfieldstest.NewTestFieldManager(applyconfigurations.NewTypeConverter(scheme.Scheme), wanted.GroupVersionKind())
	if err := server.Apply(wanted.DeepCopy(), FieldManager, false); err != nil {
		t.Fatal(err)
	}
	if err := server.Update(theirs, "kubectl-edit"); err != nil {
		t.Fatal(err)
	}
	for run := range 3 {
		if err := server.Apply(wanted.DeepCopy(), FieldManager, false); err == nil {
			t.Fatalf("run %d: no conflict", run)
		}
		if err := server.Apply(left.DeepCopy(), FieldManager, false); err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		live, _ := server.Live().(*manifest.Object)
		if diff := cmp.Diff([]string{"data.Corefile"}, others(wanted, live, ownedByOthers)); diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
	}
}
