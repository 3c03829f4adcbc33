package cluster_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// The objects of a run come into a real cluster, their pods are found, and everything goes again.
func TestProbeObjects(t *testing.T) {
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			b := bedtest.Start(t, bed.Options{Minor: minor, Nodes: 2})
			f := fixture{T: t, config: restConfig(t, b)}
			f.client = f.connect(cluster.Options{})
			o := probe.Options{Run: "a", Minor: minor, Image: "example.org/fitout:1", Start: time.Now(), For: time.Minute, IngressClass: "nginx", Policies: true}
			uid := f.start(o)
			f.pods(o)
			f.claim(o)
			f.guards(o)
			for range 2 { // the second time there is nothing left
				if err := f.client.RemoveProbe(t.Context(), o.Namespace(), uid); err != nil {
					t.Fatal(err)
				}
			}
			f.gone(o.Namespace())
		})
	}
}

// start opens the namespace of a run, whose UID it returns, and creates the rest.
func (f *fixture) start(o probe.Options) types.UID {
	f.Helper()
	objects, err := probe.Objects(o)
	if err != nil {
		f.Fatal(err)
	}
	live, err := f.client.OpenProbe(f.Context(), objects[0])
	if err != nil {
		f.Fatal(err)
	}
	if err := f.client.StartProbe(f.Context(), objects[1:]); err != nil {
		f.Fatal(err)
	}
	return live.GetUID()
}

// pods wants an asker and a peer on each node. A pod of a simulated node cannot be asked.
func (f *fixture) pods(o probe.Options) {
	var roles []string
	for range 50 {
		pods, service, err := f.client.ProbePods(f.Context(), o.Namespace())
		if err != nil {
			f.Fatal(err)
		}
		roles = nil
		for _, p := range pods {
			roles = append(roles, p.Spec.NodeName+" "+p.Labels[probe.LabelRole])
		}
		slices.Sort(roles)
		if slices.Equal(roles, []string{"node-1 asker", "node-1 peer", "node-2 asker", "node-2 peer"}) && service != "" {
			ctx, cancel := context.WithTimeout(f.Context(), 10*time.Second)
			defer cancel()
			if _, err := f.client.Ask(ctx, pods[0], nil); err == nil || !strings.Contains(err.Error(), "run a command in pod "+pods[0].Name) {
				f.Errorf("error %v", err)
			}
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	f.Errorf("the pods are %q", roles)
}

// guards wants nothing to go that is not known to be a probe's, by what a real server says of it: neither a namespace of
// another UID, nor one with labels of a probe, nor one that somebody else uses. What is left without a known UID goes.
func (f *fixture) guards(running probe.Options) {
	left := running
	left.Run = "left"
	uid := f.start(left)
	f.create(`
apiVersion: v1
kind: Namespace
metadata: {name: theirs, labels: {fitout.dev/probe: theirs, app.kubernetes.io/managed-by: fitout}, annotations: {fitout.dev/expires: "2020-01-01T00:00:00Z"}}
---
apiVersion: v1
kind: Secret
metadata: {name: theirs, namespace: fitout-probe-left}
`)
	own := f.namespace(running.Namespace()).DeepCopy()
	if kept := f.client.SweepProbes(f.Context(), own); kept != nil {
		f.Errorf("young namespaces were looked at: %q", kept)
	}
	own.SetCreationTimestamp(metav1.NewTime(time.Now().Add(24 * time.Hour)))
	kept := strings.Join(f.client.SweepProbes(f.Context(), own), ", ")
	if !strings.Contains(kept, `"fitout-probe-left" is kept: it has 1 objects that no probe makes, the first is Secret "theirs"`) || !strings.Contains(kept, `"theirs" is kept: it has the label`) {
		f.Errorf("kept %q", kept)
	}
	if err := f.client.RemoveProbe(f.Context(), left.Namespace(), "another"); err != nil {
		f.Error(err)
	}
	if err := f.client.RemoveProbe(f.Context(), left.Namespace(), ""); err == nil || !strings.Contains(err.Error(), "no probe makes") {
		f.Errorf("error %v", err)
	}
	for _, name := range []string{running.Namespace(), left.Namespace(), "theirs"} {
		if f.leaving(name) {
			f.Errorf("namespace %s was removed", name)
		}
	}
	secret := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "theirs", "namespace": left.Namespace()}}}
	if err := f.client.RemoveObject(f.Context(), secret); err != nil {
		f.Fatal(err)
	}
	if kept := f.client.SweepProbes(f.Context(), own); len(kept) != 1 || !f.leaving(left.Namespace()) {
		f.Errorf("kept %q, the namespace of UID %s is there", kept, uid)
	}
	f.gone(left.Namespace())
}

func (f *fixture) create(text string) {
	f.Helper()
	if err := f.client.StartProbe(f.Context(), parse(f.T, text)); err != nil {
		f.Fatal(err)
	}
}

// gone waits for the end of a namespace: its pods end at once on simulated nodes.
func (f *fixture) gone(name string) {
	f.Helper()
	for range 150 {
		if f.namespace(name) == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	f.Errorf("namespace %s is still there", name)
}

func (f *fixture) leaving(name string) bool {
	o := f.namespace(name)
	return o == nil || o.GetDeletionTimestamp() != nil
}

func (f *fixture) namespace(name string) *manifest.Object {
	f.Helper()
	client, err := dynamic.NewForConfig(f.config)
	if err != nil {
		f.Fatal(err)
	}
	o, err := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Get(f.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		f.Fatal(err)
	}
	return o
}
