package kubeapi_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func load(t testing.TB, minor string) *kubeapi.Snapshot {
	t.Helper()
	s, err := kubeapi.Load(minor)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What each version serves, as its API server enables it by default (Kubernetes, pkg/controlplane and before it
// pkg/master/master.go).
func TestServedVersions(t *testing.T) {
	for _, test := range []struct {
		kind schema.GroupKind
		want map[string]string
	}{
		{schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, map[string]string{"1.15": "v1 v1beta2", "1.16": "v1", "1.18": "v1", "1.36": "v1"}},
		{schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}, map[string]string{"1.15": "v1beta1", "1.16": "v1 v1beta1", "1.18": "v1 v1beta1", "1.36": "v1"}},
		{schema.GroupKind{Group: "storage.k8s.io", Kind: "CSIDriver"}, map[string]string{"1.15": "v1beta1", "1.17": "v1beta1", "1.18": "v1 v1beta1", "1.36": "v1"}},
		{schema.GroupKind{Group: "networking.k8s.io", Kind: "IngressClass"}, map[string]string{"1.15": "", "1.17": "", "1.18": "v1beta1", "1.36": "v1"}},
		{schema.GroupKind{Group: "policy", Kind: "PodSecurityPolicy"}, map[string]string{"1.15": "v1beta1", "1.18": "v1beta1", "1.36": ""}},
		{schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}, map[string]string{"1.15": "v1 v1beta1", "1.18": "v1 v1beta1", "1.36": "v1"}},
	} {
		for minor, want := range test.want {
			if got := strings.Join(load(t, minor).Versions(test.kind), " "); got != want {
				t.Errorf("%s on %s: served as %q, want %q", test.kind, minor, got, want)
			}
		}
	}
}

func TestAPIVersions(t *testing.T) {
	got := load(t, "1.18").APIVersions()
	for _, want := range []string{"v1", "v1/ConfigMap", "apps/v1", "apps/v1/DaemonSet", "policy/v1beta1/PodSecurityPolicy"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if slices.Contains(got, "policy/v1") {
		t.Error("policy/v1 came with 1.21")
	}
}

// The tables that name resources and scopes without discovery agree with what real API servers serve.
func TestScopesAgreeWithManifestKinds(t *testing.T) {
	kinds := manifest.KindsOf(nil)
	for _, minor := range kubeapi.Minors() {
		for _, k := range load(t, minor).Kinds {
			r, known := kinds[schema.GroupKind{Group: k.Group, Kind: k.Kind}]
			if known && r.Namespaced != k.Namespaced {
				t.Errorf("%s: %s %s: namespaced is %v there and %v in manifest.KindsOf", minor, k.Group, k.Kind, k.Namespaced, r.Namespaced)
			}
		}
	}
}

func TestUnknownMinor(t *testing.T) {
	_, err := kubeapi.Load("1.99")
	if err == nil || !strings.Contains(err.Error(), "1.99") || !strings.Contains(err.Error(), "1.36") {
		t.Errorf("error %v names neither the minor nor those that there are", err)
	}
}

// Snapshots are packed the same way every time, so that making them again changes nothing.
func TestWriteIsRepeatable(t *testing.T) {
	s := load(t, "1.36")
	var a, b bytes.Buffer
	if err := s.Write(&a); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two packings differ")
	}
}

// Faults that the script validate.txtar does not show.
func TestValidate(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"null is as good as absent":    {"spec: {replicas: null, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: i}]}}}", ""},
		"a whole float is an integer":  {"spec: {replicas: 2.0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: i}]}}}", ""},
		"a fraction is none":           {"spec: {replicas: 2.5, selector: {}, template: {}}", "spec.replicas is the number 2.5; give a whole number"},
		"intstr takes both":            {"spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: i}]}}, strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}}", ""},
		"intstr takes no boolean":      {"spec: {selector: {}, template: {}, strategy: {rollingUpdate: {maxSurge: true}}}", "maxSurge is the boolean true; give a whole number or a string"},
		"a quantity that takes hours":  {"spec: {selector: {}, template: {spec: {containers: [{name: a, image: i, resources: {requests: {cpu: 1E-99999999}}}, {name: b, image: i, resources: {limits: {memory: '9e-99999999'}}}]}}}", `memory is the string "9e-99999999"; give a quantity such as 100m or 64Mi`},
		"a list where a mapping is":    {"spec: []", "spec is a list; give a mapping"},
		"a mapping where a list is":    {"spec: {selector: {}, template: {spec: {containers: {}}}}", "containers is a mapping; give a list"},
		"a value of a map of strings":  {"metadata: {name: a, labels: {a: 1}}", "metadata.labels.a is the number 1; give a string"},
		"a string where a mapping is":  {"metadata: {name: a, labels: text}", `metadata.labels is the string "text"; give a mapping`},
		"a field of a nested type":     {"spec: {selector: {matchLabel: {}}, template: {}}", "spec.selector.matchLabel is not a field of Kubernetes v1.36.4; did you mean matchLabels?"},
		"a field that is like nothing": {"qqqqqqq: 1", "qqqqqqq is not a field of Kubernetes v1.36.4; remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: apps/v1\nkind: Deployment\n" + test.text + "\n"
			if !strings.HasPrefix(test.text, "metadata") {
				text += "metadata: {name: a, namespace: b}\n"
			}
			objects, err := manifest.Parse("test", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			err = load(t, "1.36").Validate(objects, nil)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
