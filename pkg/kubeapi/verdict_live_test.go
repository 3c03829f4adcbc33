package kubeapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/crd"
	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// TestVerdicts asks a real API server of 1.36 about each case, in a strict dry run of a create as kubectl sends it, so that
// the recorded verdicts are true.
func TestVerdicts(t *testing.T) {
	s := startVerdictServer(t)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, c := range verdictCases(t) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := s.create(t.Context(), c.text); (err == nil) != c.accepts {
				t.Errorf("%s: recorded as accepted: %v; the server says: %v", c.name, c.accepts, err)
			}
		})
	}
	wg.Wait()
}

// TestChangedFields changes each field of each base in the same ways and compares the verdict of a real API server of 1.36
// with that of Check: taken away, null, and values that are too small, empty or of another type.
func TestChangedFields(t *testing.T) {
	s := startVerdictServer(t)
	api := load(t, "1.36")
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	all := changedFields(t)
	for _, m := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			refused := s.create(t.Context(), m.text)
			if found := faultsOf(api, m.text); (refused == nil) != (len(found) == 0) {
				t.Errorf("%s: the server says %v, Check %q", m.name, refused, found)
			}
		})
	}
	wg.Wait()
	t.Logf("%d changed objects", len(all))
}

func changedFields(t *testing.T) []verdictCase {
	var all []verdictCase
	for _, c := range fieldCases(t) {
		var object map[string]any
		if err := yaml.Unmarshal(c.text, &object); err != nil || object["kind"] != c.name {
			continue // not a base
		}
		walk(object, "", func(parent map[string]any, key, path string) {
			if path == "apiVersion" || path == "kind" {
				return
			}
			value := parent[key]
			for _, how := range []any{nil, "", int64(-1), "A_!", true, []any{}, map[string]any{}, "gone"} {
				parent[key] = how
				if how == "gone" {
					delete(parent, key)
				}
				text, err := yaml.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, verdictCase{name: fmt.Sprintf("%s %s %v", c.name, path, how), text: text})
			}
			parent[key] = value
		})
	}
	return all
}

type verdictServer struct {
	discovery *discovery.DiscoveryClient
	client    dynamic.Interface
}

func startVerdictServer(t *testing.T) *verdictServer {
	b := bedtest.Start(t, bed.Options{Minor: "1.36"})
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	return &verdictServer{discovery: discovery.NewDiscoveryClientForConfigOrDie(config), client: dynamic.NewForConfigOrDie(config)}
}

// create creates the objects of a text in a dry run, definitions for good if there are resources of theirs. The error is the
// first refusal.
func (s *verdictServer) create(ctx context.Context, text []byte) error {
	items := manifest.Items(text)
	if len(items) == 0 {
		return errors.New("no objects")
	}
	var definitions, others []*manifest.Object
	for _, item := range items {
		switch {
		case item.Err != nil:
			return item.Err
		case item.Object.GroupVersionKind().GroupKind() == crd.GroupKind:
			definitions = append(definitions, item.Object)
		default:
			others = append(others, item.Object)
		}
	}
	for _, o := range definitions {
		if err := s.send(ctx, o, len(others) == 0); err != nil {
			return err
		}
	}
	for _, o := range others {
		if err := s.served(ctx, o, len(definitions) > 0); err != nil {
			return err
		}
		if err := s.send(ctx, o, true); err != nil {
			return err
		}
	}
	return nil
}

// served waits until a kind of a new definition is served.
func (s *verdictServer) served(ctx context.Context, o *manifest.Object, wait bool) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		_, err := s.resource(o.GroupVersionKind())
		if err == nil || !wait {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not served in time: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *verdictServer) resource(gvk schema.GroupVersionKind) (metav1.APIResource, error) {
	list, err := s.discovery.ServerResourcesForGroupVersion(gvk.GroupVersion().String())
	if err != nil {
		return metav1.APIResource{}, err
	}
	for _, r := range list.APIResources {
		if r.Kind == gvk.Kind && !strings.Contains(r.Name, "/") {
			return r, nil
		}
	}
	return metav1.APIResource{}, fmt.Errorf("no %s in %s", gvk.Kind, gvk.GroupVersion())
}

func (s *verdictServer) send(ctx context.Context, o *manifest.Object, dryRun bool) error {
	gvk := o.GroupVersionKind()
	r, err := s.resource(gvk)
	if err != nil {
		return err
	}
	options := metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	var client dynamic.ResourceInterface = s.client.Resource(gvk.GroupVersion().WithResource(r.Name))
	o = o.DeepCopy()
	if r.Namespaced {
		client = s.client.Resource(gvk.GroupVersion().WithResource(r.Name)).Namespace("default")
	} else if metadata, ok := o.Object["metadata"].(map[string]any); ok {
		delete(metadata, "namespace") // as kubectl does
	}
	_, err = client.Create(ctx, o, options)
	return err
}
