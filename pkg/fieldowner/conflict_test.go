package fieldowner

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

const app = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: demo, annotations: {a: "1", a.b: "2", example.org/x.y: "3", "odd[0]": "4"}, finalizers: [a/x, a/y]}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: main
          image: main:1
          args: [--a, --b]
          ports: [{containerPort: 53, protocol: UDP, name: dns}, {containerPort: 53, name: dns-tcp}, {containerPort: 80}]
        - {name: 'odd"],x="', image: side:1}
`

// Each path is found in the object above, or is not.
func TestResolve(t *testing.T) {
	o := object(t, app)
	for path, want := range map[string]string{
		".spec.replicas":                                           `2`,
		".metadata.annotations.a":                                  `"1"`,
		".metadata.annotations.a.b":                                `"2"`,
		".metadata.annotations.example.org/x.y":                    `"3"`,
		".metadata.annotations.odd[0]":                             `"4"`,
		`.metadata.finalizers[="a/y"]`:                             `"a/y"`,
		`.metadata.finalizers[="a/z"]`:                             ``,
		`.spec.template.spec.containers[name="main"].image`:        `"main:1"`,
		`.spec.template.spec.containers[name="odd\"],x=\""].image`: `"side:1"`,
		`.spec.template.spec.containers[name="none"].image`:        ``,
		`.spec.template.spec.containers[0].args[1]`:                `"--b"`,
		`.spec.template.spec.containers[2].args[1]`:                ``,
		`.spec.template.spec.containers[-1].image`:                 ``,
		`.spec.template.spec.containers[name="main"].ports[containerPort=53,protocol="UDP"].name`:     `"dns"`,
		`.spec.template.spec.containers[name="main"].ports[containerPort=53,protocol="TCP"].name`:     `"dns-tcp"`,
		`.spec.template.spec.containers[name="main"].ports[containerPort=80,protocol="TCP"]`:          `{"containerPort":80}`,
		`.spec.template.spec.containers[name="main"].ports[containerPort=80,protocol="TCP"].name`:     ``,
		`.spec.template.spec.containers[name="main"].ports[containerPort="80"]`:                       ``,
		`.spec.template.spec.containers[name="main"`:                                                  ``,
		`.spec.template.spec.containers[name=main]`:                                                   ``,
		`.spec.template.spec.containers[`:                                                             ``,
		`.spec.template.spec.containers[name="main"].ports[containerPort=81,protocol="TCP",x=1].name`: ``,
		`.spec.replicas.x`:  ``,
		`.spec.replicas[0]`: ``,
		`spec.replicas`:     ``,
		`.spec.none`:        ``,
	} {
		steps, found := resolve(path, o.Object)
		got := ""
		if found {
			text, err := json.Marshal(valueAt(o.Object, steps))
			if err != nil {
				t.Fatal(err)
			}
			got = string(text)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// FuzzResolve: no path makes it panic; what it finds can be taken out, and nothing else goes.
func FuzzResolve(f *testing.F) {
	for _, path := range []string{".spec.replicas", `.metadata.finalizers[="a/y"]`, `.spec.template.spec.containers[name="main"].ports[containerPort=53,protocol="TCP"].name`, ".metadata.annotations.odd[0]", `.a[b="`} {
		f.Add(path, app)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		objects, err := manifest.Parse("fuzz", []byte(text))
		if err != nil {
			return
		}
		for _, o := range objects {
			steps, found := resolve(path, o.Object)
			if !found || len(steps) == 0 {
				continue
			}
			conflict := Conflict{Field: strings.TrimPrefix(path, ".")}
			left, err := Without(o, []Conflict{conflict, conflict})
			if identifies(steps) != (err != nil) {
				t.Fatalf("%s: %v", path, err)
			}
			if err == nil && cmp.Equal(left.Object, o.Object) {
				t.Errorf("%s is still there", path)
			}
		}
	})
}

func TestConflictsOf(t *testing.T) {
	conflict := apierrors.NewApplyConflict([]metav1.StatusCause{
		{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.replicas", Message: `conflict with "kubectl-edit" using apps/v1 at 2026-01-01T00:00:00Z`},
		{Type: metav1.CauseTypeFieldManagerConflict, Field: ".metadata.annotations.example.org/x.y", Message: `conflict with "odd \"name\"" with subresource "scale" using apps/v1`},
		{Type: metav1.CauseTypeFieldManagerConflict, Field: `.spec.template.spec.containers[name="main"].image`, Message: `conflict with "helm"`},
		{Type: metav1.CauseTypeFieldManagerConflict, Field: `.spec.paused`, Message: `conflict with "nobody"`},
		{Type: metav1.CauseTypeFieldManagerConflict, Field: `.metadata.annotations.a`, Message: `something else`},
		{Type: metav1.CauseTypeFieldValueInvalid, Field: ".spec", Message: "no conflict"},
	}, "conflicts")
	live := object(t, strings.NewReplacer("replicas: 2", "replicas: 5", "main:1", "main:0", `x.y: "3"`, `x.y: "4"`, `a: "1", `, "").Replace(app))
	want := []string{
		`Deployment demo/app: metadata.annotations.a is set by something else; Fitout sets 1`,
		`Deployment demo/app: metadata.annotations.example.org/x.y is 4, set by odd "name"; Fitout sets 3`,
		`Deployment demo/app: spec.paused is set by nobody, and Fitout sets it too`,
		`Deployment demo/app: spec.replicas is 5, set by kubectl-edit; Fitout sets 2`,
		`Deployment demo/app: spec.template.spec.containers[name="main"].image is main:0, set by helm; Fitout sets main:1`,
	}
	if diff := cmp.Diff(want, texts(FromServer(errors.Join(conflict), object(t, app), live))); diff != "" {
		t.Error(diff)
	}
	for _, err := range []error{nil, errors.New("other"), &apierrors.StatusError{}, apierrors.NewConflict(manifestResource, "x", errors.New("changed"))} {
		if got := FromServer(err, object(t, app), live); got != nil {
			t.Errorf("%v is read as %v", err, got)
		}
	}
	if got := FromServer(conflict, object(t, app), nil); len(got) != 5 || got[0].Theirs != nil {
		t.Errorf("without a live object: %v", got)
	}
}

// A long text is shown by the line that differs, and no value of a Secret is kept at all.
func TestConflictString(t *testing.T) {
	c := newConflict(object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}"), "data.Corefile", "joe", "a\nb\n", "a\nc\n")
	if got, want := c.String(), `ConfigMap c: data.Corefile line 2 is "c", set by joe; Fitout sets "b"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c = newConflict(object(t, "{apiVersion: v1, kind: Secret, metadata: {name: s}}"), "data.token", "joe", "b3Vycw==", "dGhlaXJz")
	if got, want := c.String(), `Secret s: data.token is set by joe to another value than Fitout sets (both hidden)`; got != want || c.Ours != hiddenValue || c.Theirs != hiddenValue {
		t.Errorf("%s, want %s; %v", got, want, c)
	}
}

func TestWithoutFields(t *testing.T) {
	for name, test := range map[string]struct {
		object, fields, want string
	}{
		"nothing":                 {"spec: {a: 1}", ``, "spec: {a: 1}"},
		"scalar":                  {"spec: {a: 1, b: 2}", `spec.a`, "spec: {b: 2}"},
		"last field of a map":     {"spec: {a: {b: 1}}", `spec.a.b`, "spec: {a: {}}"},
		"key with dots":           {"data: {a.b: x, a: y}", `data.a.b`, "data: {a: y}"},
		"last field of element":   {"spec: {l: [{name: x, image: i}]}", `spec.l[name="x"].image`, "spec: {l: [{name: x}]}"},
		"element":                 {"spec: {l: [{name: x}, {name: w}]}", `spec.l[name="x"]`, "spec: {l: [{name: w}]}"},
		"several elements":        {"spec: {l: [{name: x}, {name: w}, {name: z}]}", `spec.l[name="x"] spec.l[name="z"]`, "spec: {l: [{name: w}]}"},
		"several indexes":         {"spec: {l: [a, b, c]}", `spec.l[0] spec.l[1]`, "spec: {l: [c]}"},
		"values of a set":         {"spec: {l: [a, b, c]}", `spec.l[="c"] spec.l[="a"]`, "spec: {l: [b]}"},
		"two managers":            {"spec: {a: 1, b: 2}", `spec.a spec.a`, "spec: {b: 2}"},
		"a field and what has it": {"spec: {a: {b: {c: 1}}}", `spec.a spec.a.b.c spec.a.b`, "spec: {}"},
		"element and its field":   {"spec: {l: [{name: x, image: i}, {name: w, image: j}]}", `spec.l[name="w"].image spec.l[name="x"] spec.l[name="x"].image`, "spec: {l: [{name: w}]}"},
		"a label":                 {"metadata: {name: o, labels: {name: x}}", `metadata.labels.name`, "metadata: {name: o, labels: {}}"},
		"not there":               {"spec: {a: 1}", `spec.b spec.a spec.c`, "Thing o: spec.b, which joe set, is no field of the bundle's object, so it cannot be left out; take the field over instead\nThing o: spec.c, which joe set, is no field of the bundle's object, so it cannot be left out; take the field over instead"},
		"name":                    {"spec: {a: 1}", `metadata.name`, "Thing o: metadata.name, which joe set, identifies what it is part of, so it cannot be left out; take the field over instead"},
		"kind":                    {"spec: {a: 1}", `kind`, "Thing o: kind, which joe set, identifies what it is part of, so it cannot be left out; take the field over instead"},
		"key of an element":       {"spec: {l: [{name: x}]}", `spec.l[name="x"].name`, "Thing o: spec.l[name=\"x\"].name, which joe set, identifies what it is part of, so it cannot be left out; take the field over instead"},
	} {
		t.Run(name, func(t *testing.T) {
			header := "apiVersion: example.org/v1\nkind: Thing\n"
			if !strings.Contains(test.object, "metadata") {
				header += "metadata: {name: o}\n"
			}
			wanted := object(t, header+test.object)
			before := wanted.DeepCopy()
			var conflicts []Conflict
			for _, f := range strings.Fields(test.fields) {
				conflicts = append(conflicts, newConflict(wanted, f, "joe", nil, nil))
			}
			left, err := Without(wanted, conflicts)
			if err != nil {
				if diff := cmp.Diff(test.want, err.Error()); diff != "" {
					t.Error(diff)
				}
				return
			}
			var want any
			if err := yaml.Unmarshal([]byte(header+test.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asText(t, want), asText(t, left.Object)); diff != "" {
				t.Error(diff)
			}
			if !cmp.Equal(before.Object, wanted.Object) {
				t.Error("the object itself was changed")
			}
		})
	}
}

var manifestResource = schema.GroupResource{Resource: "x"}

func object(t *testing.T, text string) *manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects[0]
}

func texts(conflicts []Conflict) []string {
	var all []string
	for _, c := range conflicts {
		all = append(all, c.String())
	}
	return all
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
