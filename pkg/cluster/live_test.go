package cluster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/wave"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Each kind takes a way of its own through the appliers: lists with merge keys, no generation, a definition, and an API
// service (neither of the last two is known to the strategic merge).
const objects = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: kube-system, labels: {fitout.dev/addon: test}, annotations: {note: one}}
spec:
  replicas: 0
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - {name: a, image: example.org/a:1, resources: {limits: {cpu: 1000m}}}
        - {name: b, image: example.org/b:1, env: [{name: X, value: x}, {name: Z, value: z}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: kube-system, labels: {fitout.dev/addon: test}}
data: {one: "1", two: "2"}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org, labels: {fitout.dev/addon: test}}
spec:
  group: example.org
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  scope: Cluster
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {size: {type: integer, minimum: 0}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.nothing.example.org, labels: {fitout.dev/addon: test}}
spec:
  group: nothing.example.org
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  service: {name: nothing, namespace: kube-system, port: 443}
`

func TestApply(t *testing.T) {
	t.Parallel()
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor})
			f := fixture{T: t, config: restConfig(t, b), wanted: parse(t, objects)}
			f.kinds = manifest.KindsOf(f.wanted)
			f.client = f.connect(cluster.Options{})

			f.expect("first", report.Created, report.Created, report.Created, report.Created)
			f.expect("again", report.Unchanged, report.Unchanged, report.Unchanged, report.Unchanged)
			f.changes()
			f.foreign()
			f.removedLabel()
		})
	}
}

// fixture is a control plane with the objects that a test wants on it.
type fixture struct {
	volume string // of the claim, once it was seen: the claim may be gone at the next look
	*testing.T
	config *rest.Config
	client *cluster.Client
	kinds  manifest.Kinds
	dryRun bool
	wanted []*manifest.Object // Deployment, ConfigMap, CustomResourceDefinition, APIService
}

// changes proves that every kind is updated, and that what is no longer wanted goes.
func (f *fixture) changes() {
	set(f.T, f.wanted[0], "example.org/b:2", "spec", "template", "spec", "containers", "1", "image")
	set(f.T, f.wanted[0], []any{map[string]any{"name": "X", "value": "x"}}, "spec", "template", "spec", "containers", "1", "env")
	f.wanted[0].SetAnnotations(nil)
	set(f.T, f.wanted[1], map[string]any{"one": "1"}, "data")
	set(f.T, f.wanted[2], int64(5), "spec", "versions", "0", "schema", "openAPIV3Schema", "properties", "size", "minimum")
	set(f.T, f.wanted[3], int64(200), "spec", "versionPriority")
	f.expect("changed", report.Configured, report.Configured, report.Configured, report.Configured)
	f.expect("changed again", report.Unchanged, report.Unchanged, report.Unchanged, report.Unchanged)
	live := f.observe()
	if data, _, _ := unstructured.NestedStringMap(live[1].Object, "data"); len(data) != 1 {
		f.Errorf("data is %v; the key that is no longer wanted must go", data)
	}
	if note := live[0].GetAnnotations()["note"]; note != "" {
		f.Errorf("annotation note is %q; it is no longer wanted", note)
	}
	containers, _, _ := unstructured.NestedSlice(live[0].Object, "spec", "template", "spec", "containers")
	if env := containers[1].(map[string]any)["env"].([]any); len(env) != 1 {
		f.Errorf("env is %v; Z is no longer wanted", env)
	}
}

// foreign proves that fields of others stay, and that a field of ours that another changed is a conflict, which the three
// policies settle in their ways.
func (f *fixture) foreign() {
	other := parse(f.T, `
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: kube-system, annotations: {theirs: kept}}
data: {one: changed, three: "3"}
`)
	patchAsOther(f, other[0])
	_, err := f.apply(changeset.Fail)
	var conflict *cluster.ConflictError
	if !errors.As(err, &conflict) || !strings.Contains(err.Error(), `ConfigMap kube-system/config: data.one is changed, set by somebody`) {
		f.Fatalf("error %v does not name the object, the field and who set it", err)
	}
	if _, err = f.apply(changeset.Leave); err != nil { // the server takes note that the field is no longer ours
		f.Fatal(err)
	}
	changes, err := f.apply(changeset.Leave)
	if err != nil || changes[1].Action != report.Unchanged || len(changes[1].Notes) != 1 {
		f.Fatalf("error %v, change %+v: theirs is to be kept", err, changes[1])
	}
	if data, _, _ := unstructured.NestedStringMap(f.observe()[1].Object, "data"); data["one"] != "changed" {
		f.Errorf("data is %v; theirs is to be kept", data)
	}
	changes, err = f.apply(changeset.TakeOver)
	if err != nil || changes[1].Action != report.Configured || len(changes[1].Notes) != 1 {
		f.Fatalf("error %v, change %+v: ours is to be back", err, changes[1])
	}
	f.expect("taken back", report.Unchanged, report.Unchanged, report.Unchanged, report.Unchanged)
	live := f.observe()[1]
	data, _, _ := unstructured.NestedStringMap(live.Object, "data")
	if data["one"] != "1" || data["three"] != "3" || live.GetAnnotations()["theirs"] != "kept" {
		f.Errorf("data %v, annotations %v: ours must be back and theirs kept", data, live.GetAnnotations())
	}
}

// removedLabel proves that an object without our label, which no list finds, is found all the same.
func (f *fixture) removedLabel() {
	o := parse(f.T, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config, namespace: kube-system, labels: {fitout.dev/addon: null}}\n")
	patchAsOther(f, o[0])
	changes, err := f.client.Apply(f.Context(), f.kinds, decided(f.wanted[1:2], nil, changeset.Fail), false)
	if err != nil || changes[0].Action == report.Failed {
		f.Fatalf("changes %v, error %v", changes, err)
	}
	f.expect("label is back", report.Unchanged, report.Unchanged, report.Unchanged, report.Unchanged)
}

func (f *fixture) connect(o cluster.Options) *cluster.Client {
	f.Helper()
	c, err := cluster.New(f.Context(), f.config, o)
	if err != nil {
		f.Fatal(err)
	}
	return c
}

// expect applies the wanted objects and compares what was done to each.
func (f *fixture) expect(when string, want ...report.Action) {
	f.Helper()
	changes, err := f.apply(changeset.Fail)
	if err != nil {
		f.Fatalf("%s: %v", when, err)
	}
	for i, c := range changes {
		if c.Action != want[i] {
			f.Errorf("%s: %s is %s, want %s", when, c.ID, c.Action, want[i])
		}
	}
}

// apply applies the wanted objects as a run does that knows what is there, but not what was applied last.
func (f *fixture) apply(policy changeset.Policy) ([]report.Change, error) {
	f.Helper()
	live, err := f.client.Live(f.Context(), f.kinds, f.wanted, func(manifest.ID) bool { return false })
	if err != nil {
		f.Fatal(err)
	}
	return f.client.Apply(f.Context(), f.kinds, decided(f.wanted, live, policy), f.dryRun)
}

// decided are the changes of objects of which nothing is recorded.
func decided(wanted []*manifest.Object, live map[manifest.ID]*manifest.Object, policy changeset.Policy) []changeset.Change {
	return changeset.Decide(changeset.Input{
		Waves: []wave.Wave{{Objects: wanted}}, Live: live, Options: changeset.Options{Conflicts: changeset.Policies{"": policy}},
	}).Changes
}

func (f *fixture) observe() []*manifest.Object {
	f.Helper()
	s, err := f.client.Observe(f.Context(), f.kinds, f.wanted)
	if err != nil {
		f.Fatal(err)
	}
	live := make([]*manifest.Object, len(f.wanted))
	for i, o := range f.wanted {
		if live[i] = s.Objects[manifest.IDOf(o)]; live[i] == nil {
			f.Fatalf("%s is not observed", manifest.IDOf(o))
		}
	}
	return live
}

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// set sets a field by its path; digits are indexes of lists.
func set(t *testing.T, o *manifest.Object, value any, path ...string) {
	t.Helper()
	var at any = o.Object
	for _, step := range path[:len(path)-1] {
		switch node := at.(type) {
		case map[string]any:
			at = node[step]
		case []any:
			at = node[step[0]-'0']
		}
	}
	at.(map[string]any)[path[len(path)-1]] = value
}

func restConfig(t *testing.T, b *bed.Bed) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// A cluster that kubeadm made says more of itself than any other.
func TestFacts(t *testing.T) {
	t.Parallel()
	b := bedtest.Start(t, bed.Options{Minor: "1.36", Nodes: 1, ProviderIDPrefix: "scaleway://instance/"})
	f := fixture{T: t, config: restConfig(t, b), kinds: manifest.KindsOf(nil)}
	f.client = f.connect(cluster.Options{})
	facts, err := f.client.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nodes := []clusterfile.NodeFact{{Name: "node-1", PodCIDR: "100.64.0.0/24", PodCIDRs: []string{"100.64.0.0/24"}, ProviderID: "scaleway://instance/node-1", Simulated: true}}
	facts.Nodes[0].Addresses = nil // KWOK's choice
	want := clusterfile.Facts{
		KubernetesVersion: "v1.36.4", Server: f.config.Host, Nodes: nodes, ServiceCIDRs: []string{"10.32.0.0/20"}, KubernetesService: "10.32.0.1",
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Error(diff)
	}

	f.wanted = parse(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: kubeadm-config, namespace: kube-system}
data:
  ClusterConfiguration: |
    controlPlaneEndpoint: cp.example.org:6443
    networking: {podSubnet: 10.1.0.0/16, serviceSubnet: 10.2.0.0/16, dnsDomain: example.local}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.32.0.77, ports: [{port: 53}]}
`)
	if _, err := f.client.Apply(t.Context(), f.kinds, decided(f.wanted, nil, changeset.Fail), false); err != nil {
		t.Fatal(err)
	}
	if facts, err = f.client.Facts(t.Context()); err != nil {
		t.Fatal(err)
	}
	facts.Nodes[0].Addresses = nil
	want.KubeadmEndpoint, want.KubeadmPodCIDR, want.KubeadmServiceCIDR, want.KubeadmDNSDomain = "cp.example.org:6443", "10.1.0.0/16", "10.2.0.0/16", "example.local"
	want.DNSService = "10.32.0.77"
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Error(diff)
	}
}
