package probe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func options(minor string) probe.Options {
	return probe.Options{
		Run: "r1", Word: word, Minor: minor, Image: "example.org/fitout:1", Start: time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC), For: 5 * time.Minute,
		IngressClass: "nginx", Policies: true,
	}
}

// The API of every version that has a bundle takes the objects.
func TestObjectsAreValid(t *testing.T) {
	for _, minor := range []string{"1.15", "1.16", "1.17", "1.18", "1.34", "1.35", "1.36", "1.37"} {
		api, err := kubeapi.Load(minor)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := probe.Objects(options(minor))
		if err != nil {
			t.Fatal(err)
		}
		if err := api.Validate(objects, nil); err != nil {
			t.Errorf("%s: %v", minor, err)
		}
	}
}

func TestObjects(t *testing.T) {
	o := options("1.36")
	all := ids(t, o)
	want := []string{
		"Namespace fitout-probe-r1", "DaemonSet fitout-probe-r1/asker", "DaemonSet fitout-probe-r1/peer", "Service fitout-probe-r1/peer",
		"Ingress fitout-probe-r1/peer", "NetworkPolicy fitout-probe-r1/closed", "NetworkPolicy fitout-probe-r1/open",
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	o.IngressClass, o.Policies = "", false
	if diff := cmp.Diff(want[:4], ids(t, o)); diff != "" {
		t.Error(diff)
	}
}

func ids(t *testing.T, o probe.Options) []string {
	t.Helper()
	objects, err := probe.Objects(o)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range objects {
		out = append(out, manifest.IDOf(o).String())
		if o.GetLabels()[probe.LabelRun] != "r1" || o.GetLabels()["app.kubernetes.io/managed-by"] != "fitout" {
			t.Errorf("%s has the labels %v", manifest.IDOf(o), o.GetLabels())
		}
	}
	if at := objects[0].GetAnnotations()[probe.AnnotationExpires]; at != "2026-11-05T12:05:00Z" {
		t.Errorf("expires %s", at)
	}
	return out
}

// The pods may do nothing but answer, whatever the version calls it.
func TestPodsAreConfined(t *testing.T) {
	for minor, seccomp := range map[string][]string{
		"1.18": {"metadata", "annotations", "seccomp.security.alpha.kubernetes.io/pod"},
		"1.36": {"spec", "securityContext", "seccompProfile", "type"},
	} {
		objects, err := probe.Objects(options(minor))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects[1:3] {
			pod, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
			if profile, _, _ := unstructured.NestedString(pod, seccomp...); profile != "runtime/default" && profile != "RuntimeDefault" {
				t.Errorf("%s: seccomp profile %q", minor, profile)
			}
			containers, _, _ := unstructured.NestedSlice(pod, "spec", "containers")
			container := containers[0].(map[string]any)
			want := map[string]any{
				"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
			}
			if diff := cmp.Diff(want, container["securityContext"]); diff != "" {
				t.Error(diff)
			}
			token, found, _ := unstructured.NestedBool(pod, "spec", "automountServiceAccountToken")
			nonRoot, _, _ := unstructured.NestedBool(pod, "spec", "securityContext", "runAsNonRoot")
			if token || !found || !nonRoot {
				t.Errorf("%s: token %v, runs as non-root %v", minor, token, nonRoot)
			}
		}
	}
}

// A claim and the pods that mount it are taken by every version, and no DaemonSet or Service takes them for its own.
func TestClaim(t *testing.T) {
	for _, minor := range []string{"1.15", "1.18", "1.34", "1.37"} {
		api, err := kubeapi.Load(minor)
		if err != nil {
			t.Fatal(err)
		}
		o := options(minor)
		pod, err := o.ClaimPod("first", []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		objects := []*manifest.Object{o.Claim("fast"), o.Claim(""), pod}
		if err := api.Validate(objects, nil); err != nil {
			t.Errorf("%s: %v", minor, err)
		}
		if _, given, _ := unstructured.NestedString(objects[1].Object, "spec", "storageClassName"); given {
			t.Error("a claim of the default class names one")
		}
		if role := pod.GetLabels()[probe.LabelRole]; role != probe.Storer || pod.GetLabels()[probe.LabelRun] != "r1" {
			t.Errorf("the pod has the labels %v", pod.GetLabels())
		}
		terms, _, _ := unstructured.NestedSlice(pod.Object, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
		group, _, _ := unstructured.NestedInt64(pod.Object, "spec", "securityContext", "fsGroup")
		if len(terms) != 2 || group == 0 {
			t.Errorf("%s: %d nodes, group %d", minor, len(terms), group)
		}
	}
}

// The word of the run is in the environment of its pods and nowhere else.
func TestWord(t *testing.T) {
	objects, err := probe.Objects(options("1.36"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		text, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		if o.GetKind() == "DaemonSet" {
			want = 1
		}
		if got := strings.Count(string(text), word); got != want || want == 1 && !strings.Contains(string(text), `{"name":"FITOUT_PROBE_WORD","value":"`+word+`"}`) {
			t.Errorf("%s has the word %d times", manifest.IDOf(o), got)
		}
	}
}

// Policies select all pods of the run; everybody may ask over HTTP, askers for an echo, and nobody at the guarded port.
func TestPolicies(t *testing.T) {
	objects, err := probe.Objects(options("1.36"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, o := range objects {
		if o.GetKind() == "NetworkPolicy" {
			got[o.GetName()] = o.Object["spec"]
		}
	}
	askers := map[string]any{"podSelector": map[string]any{"matchLabels": map[string]any{probe.LabelRun: "r1", probe.LabelRole: probe.Asker}}}
	port := func(number int64) map[string]any { return map[string]any{"port": number} }
	want := map[string]any{
		"closed": map[string]any{"podSelector": map[string]any{}, "policyTypes": []any{"Ingress"}},
		"open": map[string]any{"podSelector": map[string]any{}, "policyTypes": []any{"Ingress"}, "ingress": []any{
			map[string]any{"ports": []any{port(probe.HTTPPort)}},
			map[string]any{"from": []any{askers}, "ports": []any{port(probe.EchoPort), map[string]any{"port": int64(probe.EchoPort), "protocol": "UDP"}}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
