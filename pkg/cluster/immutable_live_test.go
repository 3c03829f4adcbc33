package cluster_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// The table of immutable fields is held to what real API servers refuse and accept: each change of the cases, in a dry run.
func TestImmutableLive(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../objectdiff/testdata/immutable.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Object  json.RawMessage
		Minor   string
		Changes []immutableChange
	}
	if err := yaml.UnmarshalStrict(file, &cases); err != nil {
		t.Fatal(err)
	}
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor})
			config := restConfig(t, b)
			config.QPS = -1
			client, err := dynamic.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cases {
				if c.Minor != "" && c.Minor != minor {
					continue
				}
				o := parse(t, string(c.Object))[0]
				gvr, _, err := manifest.KindsOf(nil).Of(o)
				if err != nil {
					t.Fatal(err)
				}
				resource := client.Resource(gvr).Namespace(o.GetNamespace())
				live := createSettled(t, resource, o)
				for _, change := range c.Changes {
					if change.Minor == "" || change.Minor == minor {
						change.try(t, minor, resource, c.Object, live)
					}
				}
			}
		})
	}
}

type immutableChange struct {
	Set          json.RawMessage
	Refused      []string
	Minor, Needs string
}

// try sends a change to the server, and judges it.
func (c immutableChange) try(t *testing.T, minor string, resource dynamic.ResourceInterface, object []byte, live *manifest.Object) {
	t.Helper()
	text, err := jsonpatch.MergePatch(object, c.Set)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range objectdiff.Immutable(minor, parse(t, string(text))[0], live) {
		got = append(got, d.Path)
	}
	if diff := cmp.Diff(c.Refused, got); diff != "" {
		t.Errorf("%s %s: %s", manifest.IDOf(live), c.Set, diff)
	}
	_, err = resource.Patch(t.Context(), live.GetName(), types.MergePatchType, c.Set, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case len(c.Refused) == 0 && err != nil:
		t.Errorf("%s %s: the server refuses it: %v", manifest.IDOf(live), c.Set, err)
	case len(c.Refused) > 0 && !apierrors.IsInvalid(err):
		t.Errorf("%s %s: the server does not refuse it: %v", manifest.IDOf(live), c.Set, err)
	}
}

// createSettled creates an object and returns it as the server has it: a definition, once it is established.
func createSettled(t *testing.T, resource dynamic.ResourceInterface, o *manifest.Object) *manifest.Object {
	t.Helper()
	live, err := resource.Create(t.Context(), o, metav1.CreateOptions{})
	for deadline := time.Now().Add(30 * time.Second); err == nil && o.GetKind() == "CustomResourceDefinition"; {
		conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
		for _, c := range conditions {
			if c := c.(map[string]any); c["type"] == "Established" && c["status"] == "True" {
				return live
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not established", manifest.IDOf(o))
		}
		time.Sleep(50 * time.Millisecond)
		live, err = resource.Get(t.Context(), o.GetName(), metav1.GetOptions{})
	}
	if err != nil {
		t.Fatalf("%s: %v", manifest.IDOf(o), err)
	}
	return live
}
