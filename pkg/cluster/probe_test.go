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
			f.start(o)
			f.pods(o)
			f.sweep(o)
			f.claim(o)
			for range 2 { // the second time there is nothing left
				if err := f.client.RemoveProbe(t.Context(), o.Namespace()); err != nil {
					t.Fatal(err)
				}
			}
			f.gone(o.Namespace())
		})
	}
}

func (f *fixture) start(o probe.Options) {
	f.Helper()
	objects, err := probe.Objects(o)
	if err != nil {
		f.Fatal(err)
	}
	if err := f.client.StartProbe(f.Context(), objects); err != nil {
		f.Fatal(err)
	}
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

// sweep wants only what is Fitout's and over to go.
func (f *fixture) sweep(running probe.Options) {
	left := running
	left.Run, left.Start = "left", time.Now().Add(-time.Hour)
	f.start(left)
	f.create(`
apiVersion: v1
kind: Namespace
metadata: {name: theirs, labels: {fitout.dev/probe: x}, annotations: {fitout.dev/expires: "2020-01-01T00:00:00Z"}}
`)
	if err := f.client.SweepProbes(f.Context(), time.Now()); err != nil {
		f.Fatal(err)
	}
	f.gone(left.Namespace())
	for _, name := range []string{running.Namespace(), "theirs"} {
		if f.leaving(name) {
			f.Errorf("namespace %s was swept", name)
		}
	}
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
