package main

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A shop whose controller defines Widgets, and a buyer who has one.
const (
	shopAddon = `{apiVersion: fitout.dev/v1alpha1, kind: Addon, name: shop, summary: s, role: shop, when: 'true', provides: [network],
  creates: [{name: widgets.shop.io, kind: Widget, version: v1, scope: Cluster}],
  lifecycle: {support: [{kubernetes: "1.36", level: tested}]}}`
	buyerAddon = `{apiVersion: fitout.dev/v1alpha1, kind: Addon, name: buyer, summary: s, role: dns, when: 'true', requires: [network],
  lifecycle: {support: [{kubernetes: "1.36", level: tested}]}}`
	shopChart = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: kube-system}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: example.org/shop}]}
`
	buyerChart = "apiVersion: shop.io/v1\nkind: Widget\nmetadata: {name: first}\n"
	shopBundle = `{apiVersion: fitout.dev/v1alpha1, kind: Bundle, kubernetes: "1.36", testedVersion: v1.36.4,
  addons: {shop: {chart: "1", version: 1.0.0}, buyer: {chart: "1", version: 1.0.0}}}`
	widgets = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.shop.io},
  spec: {group: shop.io, scope: Cluster, names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList},
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}`
)

func shopPlan(t *testing.T, client *cluster.Client) *fitout.Plan {
	t.Helper()
	chart := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("apiVersion: v2\nname: " + name + "\nversion: 1.0.0\n")}
	}
	addons := fstest.MapFS{
		"shop/addon.yaml": {Data: []byte(shopAddon)}, "shop/1/Chart.yaml": chart("shop"), "shop/1/values.yaml": {Data: []byte("images: {}\n")}, "shop/1/templates/shop.yaml": {Data: []byte(shopChart)},
		"buyer/addon.yaml": {Data: []byte(buyerAddon)}, "buyer/1/Chart.yaml": chart("buyer"), "buyer/1/values.yaml": {Data: []byte("images: {}\n")}, "buyer/1/templates/widget.yaml": {Data: []byte(buyerChart)},
	}
	catalogue, err := bundle.Load(addons, fstest.MapFS{"1.36.yaml": {Data: []byte(shopBundle)}})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := client.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := fitout.Prepare(catalogue, clusterfile.File{}, &facts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// An object of a kind that a controller defines at run time waits for the definition: before any node has joined until a
// later run, and where the controller runs at its gate.
func TestDefinitionsOfControllers(t *testing.T) {
	t.Parallel()
	b := bedtest.Start(t, bed.Options{Minor: "1.36"})
	config := restConfigOf(b)
	client, err := cluster.New(t.Context(), config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := shopPlan(t, client)
	apply := func(timeout time.Duration) (*report.Report, error) {
		timing := fitout.Timing{Timeout: timeout, Poll: 100 * time.Millisecond}
		return fitout.Up(t.Context(), client, plan, fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{Timing: timing, LockTimeout: time.Minute, Version: "test"}}, fitout.Silent{})
	}
	r, err := apply(time.Minute)
	if err != nil || r.Verdict != check.Pending || r.Counts()[report.Deferred] != 1 {
		t.Fatalf("without nodes: %s, %v, %v", r.Verdict, r.Counts(), err)
	}
	if err := b.AddNodes(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	admin := kubernetes.NewForConfigOrDie(config)
	addNode(t, admin) // without a real one, nothing is expected to run
	cordon(t, admin, "real")
	if r, err = apply(6 * time.Second); err == nil || r.Counts()[report.Deferred]+r.Counts()[report.Failed] != 0 {
		t.Fatalf("without the definition: %v, %v", r.Counts(), err)
	}
	if want := "wave network: not ready in time: CustomResourceDefinition widgets.shop.io is not created by its controller yet"; !strings.Contains(err.Error(), want) {
		t.Errorf("error %v does not say %q", err, want)
	}
	time.AfterFunc(2*time.Second, func() { define(t, config) })
	if r, err = apply(time.Minute); err != nil || r.Counts()[report.Created] != 1 {
		t.Fatalf("with the definition: %v, %v", r.Counts(), err)
	}
	for _, row := range r.Checks {
		if row.Addon != "" && row.Check != check.Ready && row.Verdict != check.Good {
			t.Errorf("%s: %s: %s", row.Name(), row.Verdict, row.Detail)
		}
	}
}

// define creates the definition, as the controller of the shop would.
func define(t *testing.T, config *rest.Config) {
	objects, err := manifest.Parse("widgets", []byte(widgets))
	if err != nil {
		t.Error(err)
		return
	}
	gvr, _, err := manifest.KindsOf(nil).Of(objects[0])
	if err != nil {
		t.Error(err)
		return
	}
	_, err = dynamic.NewForConfigOrDie(config).Resource(gvr).Create(context.Background(), objects[0], metav1.CreateOptions{FieldManager: "shop"})
	if err != nil {
		t.Error(err)
	}
}

// cordon keeps ordinary pods from a node.
func cordon(t *testing.T, admin kubernetes.Interface, node string) {
	t.Helper()
	patch := []byte(`{"spec": {"unschedulable": true}}`)
	if _, err := admin.CoreV1().Nodes().Patch(t.Context(), node, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}
