package fitout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/provider"
)

// planned is a plan of one object for an addon of a role, with the rules of the catalogue.
func planned(t *testing.T, role, addon, chosenBy string) *fitout.Plan {
	t.Helper()
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(t, []*manifest.Object{object(addon, "one", map[string]any{"key": "1"})})
	p.Rendering.Addons[0].Role, p.Rendering.Addons[0].ChosenBy = role, chosenBy
	p.Providers, p.Roles = catalogue.Providers(), map[string]string{addon: role}
	return p
}

// Another provider of a role refuses the run, unless it is ignored by name; what is recorded is not looked for again.
func TestSecondProvider(t *testing.T) {
	canal := parse(t, `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: canal, namespace: kube-system}, spec: {template: {spec: {containers: [{name: a, image: a}]}}}}`)
	p := planned(t, "cni", "cilium", "cni")
	m := newMemory()
	m.others = provider.Observed{Workloads: canal}
	_, err := apply(m, p, fitout.ApplyOptions{})
	var refused *fitout.RefusedError
	want := "refused, nothing was touched: DaemonSet kube-system/canal: a pod network is in the cluster already, and cilium would be a second one\n" +
		"keep it with cni: none in the cluster file, or remove it before you run this again; --ignore-existing cni installs cilium beside it"
	if !errors.As(err, &refused) || err.Error() != want || m.writes != 0 {
		t.Errorf("%d writes, error:\n%v\nwant:\n%s", m.writes, err, want)
	}
	mustApply(t, m, p, fitout.ApplyOptions{IgnoreExisting: []string{"cni"}}, "one created")
}

func TestSecondProviderIsRecordedOnce(t *testing.T) {
	p := planned(t, "cni", "cilium", "cni")
	m := newMemory()
	mustApply(t, m, p, fitout.ApplyOptions{}, "one created")
	m.others.Workloads = parse(t, `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: canal, namespace: kube-system}}`)
	p.Rendering.Addons[0].Objects[0].Object["data"] = map[string]any{"key": "2"}
	p.Rendering.Digest = "abcdef"
	r, err := apply(m, p, fitout.ApplyOptions{})
	if err != nil || strings.Contains(actions(r), "failed") {
		t.Errorf("error %v, %s", err, actions(r))
	}
}

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
