package kubeapi_test

import (
	"fmt"
	"hash/fnv"
	"sync"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
)

// sample is the share of all mutants that are tried: one in so many.
const sample = 7

// TestSound breaks rendered objects in a thousand ways and asks the real API server of each: what it cannot decode, Validate
// must refuse. A field renamed, a value of another type, a field taken away. Objects that are whole both must take. Of broken
// ones servers take some that Validate refuses: those before 1.25 drop unknown fields in silence, and all of them live without
// a few fields that their schema requires.
func TestSound(t *testing.T) {
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor})
			config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
			if err != nil {
				t.Fatal(err)
			}
			server, err := cluster.New(t.Context(), config, cluster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			api, err := kubeapi.Load(minor)
			if err != nil {
				t.Fatal(err)
			}
			objects := rendered(t, minor)
			judge(t, api, server, mutants(objects))
		})
	}
}

func rendered(t *testing.T, minor string) []*manifest.Object {
	t.Helper()
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: minor, Ingress: "nginx"}}
	plan, err := fitout.Prepare(catalogue, file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Rendering.Objects()
}

// judge compares the verdicts of the server and of Validate on every mutant.
func judge(t *testing.T, api *kubeapi.Snapshot, server *cluster.Client, all []mutant) {
	kinds := manifest.KindsOf(nil)
	var mu sync.Mutex
	counts := map[string]int{}
	slots := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for _, m := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			_, refused := server.Apply(t.Context(), kinds, []changeset.Change{{ID: manifest.IDOf(m.object), Action: changeset.Create, Wanted: m.object}}, true)
			found := api.Validate([]*manifest.Object{m.object}, nil)
			mu.Lock()
			defer mu.Unlock()
			counts[fmt.Sprintf("%s: server refuses %v, Validate refuses %v", m.how, refused != nil, found != nil)]++
			if refused == nil && found != nil && m.how == whole {
				t.Errorf("%s: %s %s: the server takes it and Validate does not: %v", manifest.IDOf(m.object), m.path, m.how, found)
			}
			// Invalid is the server's word for what breaks a rule beyond the schema, which Validate does not claim to know.
			if refused != nil && found == nil && !apierrors.IsInvalid(refused) {
				t.Errorf("%s: %s %s: the server refuses it and Validate does not: %v", manifest.IDOf(m.object), m.path, m.how, refused)
			}
		})
	}
	wg.Wait()
	for what, n := range counts {
		t.Logf("%5d %s", n, what)
	}
}

// whole marks the objects that were not broken.
const whole = "whole"

// A mutant is an object that was broken in one place.
type mutant struct {
	object    *manifest.Object
	path, how string
}

// mutants breaks every field of every object in every way, and keeps a fixed sample.
func mutants(objects []*manifest.Object) []mutant {
	var all []mutant
	for _, o := range objects {
		all = append(all, mutant{o.DeepCopy(), "", whole})
		walk(o.Object, "", func(parent map[string]any, key, path string) {
			if path == "apiVersion" || path == "kind" || path == "metadata.name" || path == "metadata.namespace" {
				return // another object, not a broken one
			}
			value := parent[key]
			for how, change := range map[string]func(){
				"renamed":   func() { delete(parent, key); parent[key+"x"] = value },
				"retyped":   func() { parent[key] = otherType(value) },
				"takenAway": func() { delete(parent, key) },
			} {
				hash := fnv.New32a()
				fmt.Fprint(hash, manifest.IDOf(o), path, how)
				if hash.Sum32()%sample != 0 {
					continue
				}
				change()
				all = append(all, mutant{o.DeepCopy(), path, how})
				delete(parent, key+"x")
				parent[key] = value
			}
		})
	}
	return all
}

// otherType returns a value that no API type takes in place of the given one.
func otherType(value any) any {
	switch value.(type) {
	case map[string]any:
		return "text"
	case []any:
		return map[string]any{"a": "b"}
	}
	return map[string]any{"a": "b"}
}

func walk(node any, path string, visit func(parent map[string]any, key, path string)) {
	switch node := node.(type) {
	case map[string]any:
		keys := []string{}
		for key := range node {
			keys = append(keys, key)
		}
		for _, key := range keys {
			at := key
			if path != "" {
				at = path + "." + key
			}
			visit(node, key, at)
			walk(node[key], at, visit)
		}
	case []any:
		for i, element := range node {
			walk(element, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}
