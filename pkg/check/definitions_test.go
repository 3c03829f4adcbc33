package check_test

import (
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	widgets     = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.shop.io, labels: {fitout.dev/addon: shop}}, spec: {group: shop.io, names: {kind: Widget}}`
	established = widgets + `, status: {conditions: [{type: NamesAccepted, status: "True"}, {type: Established, status: "True"}]}}`
	unnamed     = widgets + `, status: {conditions: [{type: NamesAccepted, status: "False", reason: ListKindConflict, message: "\"WidgetList\" is already in use"}]}}`
	widget      = `{apiVersion: shop.io/v1, kind: Widget, metadata: {name: first}}`
	shop        = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: shop, namespace: a, generation: 1}, spec: {replicas: 1, template: {spec: {containers: [{name: shop, image: shop}]}}}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: `
)

// What a controller defines is waited for once the controller is ready, and not before it can run.
func TestDefinitions(t *testing.T) {
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}
	simulated := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}}}
	for name, test := range map[string]struct {
		live  []string
		nodes []corev1.Node
		want  []string // rows of definitions and present
		gate  []string
	}{
		"established": {[]string{shop + `1}}`, established, widget}, []corev1.Node{node},
			[]string{"present good 2 objects", "definitions good 1 established"}, nil},
		"not created": {[]string{shop + `1}}`}, []corev1.Node{node},
			[]string{
				"present pending 1 of 2 objects wait for the definition of their kind: Widget first; run fitout apply once their kind is defined",
				"definitions failed widgets.shop.io is not created by its controller yet; look at the log of the controllers of shop",
			},
			[]string{"definitions failed CustomResourceDefinition widgets.shop.io is not created by its controller yet; look at the log of the controllers of shop"}},
		"refused": {[]string{shop + `1}}`, unnamed}, []corev1.Node{node},
			[]string{
				"present pending 1 of 2 objects wait for the definition of their kind: Widget first; run fitout apply once their kind is defined",
				`definitions failed widgets.shop.io has failed: "WidgetList" is already in use; kubectl describe customresourcedefinition widgets.shop.io`,
			},
			[]string{`definitions failed CustomResourceDefinition widgets.shop.io has failed: "WidgetList" is already in use; kubectl describe customresourcedefinition widgets.shop.io`}},
		"the object alone is missing": {[]string{shop + `1}}`, established}, []corev1.Node{node},
			[]string{"present failed 1 of 2 objects missing: Widget first; run fitout apply", "definitions good 1 established"}, nil},
		"no controller without nodes": {[]string{shop + `0}}`}, nil,
			[]string{
				"present pending 1 of 2 objects wait for the definition of their kind: Widget first; run fitout apply once their kind is defined",
				"definitions pending widgets.shop.io waits for its controller",
			},
			[]string{"definitions failed CustomResourceDefinition widgets.shop.io is not created by its controller yet; look at the log of the controllers of shop"}},
		"simulated nodes": {[]string{shop + `1}}`}, []corev1.Node{simulated},
			[]string{
				"present skipped 1 of 2 objects wait for the definition of their kind: Widget first; run fitout apply once their kind is defined",
				"definitions skipped widgets.shop.io is not created: its controller is on simulated nodes (kwok.x-k8s.io/node)",
			},
			[]string{"definitions skipped CustomResourceDefinition widgets.shop.io is not created: its controller is on simulated nodes (kwok.x-k8s.io/node)"}},
	} {
		t.Run(name, func(t *testing.T) {
			addon := render.Addon{Addon: bundle.Addon{Name: "shop"}, Objects: objects(t, shop+`1}}`, widget), Created: objects(t, widgets+`}`)}
			s := observed.Snapshot{Objects: map[manifest.ID]*manifest.Object{}, Nodes: test.nodes}
			for _, o := range objects(t, test.live...) {
				s.Objects[manifest.IDOf(o)] = o
			}
			var got []check.Row
			for _, row := range check.Judge([]render.Addon{addon}, s) {
				if row.Check == check.Present || row.Check == check.Definitions {
					row.Addon = ""
					got = append(got, row)
				}
			}
			if diff := cmp.Diff(test.want, judgetest.Lines(got)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gate, judgetest.Lines(check.Created(addon.Created, s))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func objects(t *testing.T, texts ...string) []*manifest.Object {
	t.Helper()
	var all []*manifest.Object
	for _, text := range texts {
		parsed, err := manifest.Parse("test", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parsed...)
	}
	return all
}
