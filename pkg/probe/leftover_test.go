package probe_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

func namespace(name, run, managedBy string) *manifest.Object {
	o := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	o.SetName(name)
	o.SetLabels(map[string]string{probe.LabelRun: run, "app.kubernetes.io/managed-by": managedBy})
	return o
}

func TestRunOf(t *testing.T) {
	rendered, err := probe.Objects(options("1.36"))
	if err != nil {
		t.Fatal(err)
	}
	if run, ok := probe.RunOf(rendered[0]); run != "r1" || !ok {
		t.Errorf("run %q, %v", run, ok)
	}
	long := strings.Repeat("a", 300)
	for name, o := range map[string]*manifest.Object{
		"labels of a probe":     namespace("kube-system", "system", "fitout"),
		"the name of another":   namespace("fitout-probe-b", "a", "fitout"),
		"no run":                namespace("fitout-probe-", "", "fitout"),
		"no labels":             {Object: map[string]any{"metadata": map[string]any{"name": "fitout-probe-a"}}},
		"somebody else's":       namespace("fitout-probe-a", "a", "helm"),
		"a path":                namespace("fitout-probe-../kube-system", "../kube-system", "fitout"),
		"a name of 300 letters": namespace("fitout-probe-"+long, long, "fitout"),
	} {
		if run, ok := probe.RunOf(o); ok {
			t.Errorf("%s: run %q", name, run)
		}
	}
}

// Only the age counts, by the API server's clock.
func TestLeftOver(t *testing.T) {
	now := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	for expires, age := range map[string]time.Duration{"2000-01-01T00:00:00Z": time.Hour, "": 6 * time.Hour, "2026-11-05T11:00:00Z": -time.Hour} {
		o := namespace("fitout-probe-a", "a", "fitout")
		o.SetAnnotations(map[string]string{probe.AnnotationExpires: expires})
		o.SetCreationTimestamp(metav1.NewTime(now.Add(-age)))
		if probe.LeftOver(o, now) {
			t.Errorf("expired %q, %v old: left over", expires, age)
		}
		o.SetAnnotations(map[string]string{probe.AnnotationExpires: "9999-01-01T00:00:00Z"})
		o.SetCreationTimestamp(metav1.NewTime(now.Add(-8 * time.Hour)))
		if !probe.LeftOver(o, now) {
			t.Error("8 h old: not left over")
		}
	}
	if probe.LeftOver(namespace("fitout-probe-a", "a", "fitout"), now) {
		t.Error("a namespace without age is left over")
	}
}

// thing is an object such as "apps/DaemonSet peer", with the labels of a run and a role.
func thing(words, run, role string) metav1.PartialObjectMetadata {
	kind, name, _ := strings.Cut(words, " ")
	group, kind, _ := strings.Cut(kind, "/")
	o := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(words), Labels: map[string]string{probe.LabelRun: run, probe.LabelRole: role}}}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
	return o
}

func TestForeign(t *testing.T) {
	owned := thing("discovery.k8s.io/EndpointSlice peer-x", "", "")
	owned.OwnerReferences = []metav1.OwnerReference{{UID: "/Service peer"}}
	stray := thing("discovery.k8s.io/EndpointSlice stray", "a", "")
	stray.OwnerReferences = []metav1.OwnerReference{{UID: "another"}}
	token := thing("/Secret default-token-x", "", "")
	token.Annotations = map[string]string{"kubernetes.io/service-account.name": "default"}
	lying := thing("/Pod x", "a", "asker")
	lying.UID = "" // no server has such an object; it owns nothing
	all := []metav1.PartialObjectMetadata{
		thing("/Service peer", "a", ""), thing("/Endpoints peer", "a", ""), thing("apps/DaemonSet asker", "a", ""), thing("apps/DaemonSet peer", "a", ""),
		thing("/Pod asker-x", "a", "asker"), thing("/Pod first", "a", "storer"), thing("/PersistentVolumeClaim volume", "a", ""),
		thing("networking.k8s.io/Ingress peer", "a", ""), thing("networking.k8s.io/NetworkPolicy closed", "a", ""), thing("networking.k8s.io/NetworkPolicy open", "a", ""),
		owned, token, thing("/Event x", "", ""), thing("events.k8s.io/Event x", "", ""), thing("/ServiceAccount default", "", ""), thing("/ConfigMap kube-root-ca.crt", "", ""),
	}
	if got := probe.Foreign("a", all); got != nil {
		t.Errorf("foreign %v", got)
	}
	theirs := []metav1.PartialObjectMetadata{
		thing("/Secret s", "a", ""), thing("/Secret default-token-y", "", ""), thing("/ConfigMap c", "a", ""), thing("/Pod asker-y", "b", "asker"), thing("/Pod asker-z", "a", ""),
		thing("apps/DaemonSet other", "a", ""), thing("apps/Deployment peer", "a", ""), thing("/PersistentVolumeClaim data", "a", ""), thing("example.org/Widget peer", "a", ""),
		thing("/ServiceAccount builder", "", ""), thing("example.org/Event x", "", ""), stray, lying,
	}
	var want, got []string
	for _, o := range theirs {
		want = append(want, o.Kind+" "+o.Name)
	}
	for _, id := range probe.Foreign("a", append(theirs, all...)) {
		got = append(got, id.String())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
