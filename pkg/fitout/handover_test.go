package fitout_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

// door is an addon whose pods hold a port of each node.
func door(t *testing.T, minor, addon, name string, port int64) *fitout.Plan {
	o := &manifest.Object{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet",
		"metadata": map[string]any{"name": name, "namespace": "kube-system", "labels": object(addon, name, nil).Object["metadata"].(map[string]any)["labels"]},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "agent"}},
			"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "agent"}},
				"spec": map[string]any{"containers": []any{map[string]any{"name": name, "ports": []any{map[string]any{"containerPort": int64(8080), "hostPort": port}}}}}},
		},
	}}
	return ofMinor(planOf(t, one("1"), []*manifest.Object{o}), minor)
}

func doorID(name string) manifest.ID {
	return manifest.ID{Kind: "DaemonSet", Group: "apps", Namespace: "kube-system", Name: name}
}

// What holds ports of the nodes goes before what takes them is applied, also in a phase before that in which removals are made.
func TestPortsAreHandedOver(t *testing.T) {
	for _, phase := range []upgrade.Phase{"", upgrade.AfterControlPlane, upgrade.AfterNodes} {
		for name, port := range map[string]int64{"the same port": 80, "another port": 81} {
			t.Run(name+" "+string(phase), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					if _, err := apply(m, door(t, "1.36", "b", "old", 80), fitout.ApplyOptions{}); err != nil {
						t.Fatal(err)
					}
					m.survey.Server = "v1.37.1"
					held := false
					m.meanwhile = map[manifest.ID]func(){doorID("new"): func() { held = m.objects[doorID("old")] != nil }}
					var err error
					if phase == "" {
						_, err = apply(m, door(t, "1.36", "b", "new", port), fitout.ApplyOptions{})
					} else {
						_, err = upgraded(t, m, door(t, "1.37", "b", "new", port), phase, fitout.UpgradeOptions{Accept: []string{"dns"}})
					}
					gone := m.objects[doorID("old")] == nil
					if err != nil || m.objects[doorID("new")] == nil || gone != (port == 80 || phase != upgrade.AfterControlPlane) || held != (port != 80) {
						t.Errorf("error %v; the old one is gone: %v; its port was held: %v", err, gone, held)
					}
					if n := len(slices.DeleteFunc(m.deleted, func(id manifest.ID) bool { return id != doorID("old") })); n > 1 {
						t.Errorf("it was deleted %d times", n)
					}
				})
			})
		}
	}
}

// The plan says when the ports are held by nobody.
func TestPlanTellsHandover(t *testing.T) {
	p, err := fitout.PlanUpgrade(door(t, "1.36", "b", "old", 80), door(t, "1.37", "c", "new", 80), fitout.UpgradeOptions{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := "removed: DaemonSet kube-system/old: stops 3 pods of DaemonSet kube-system/old on 3 nodes; it goes just before DaemonSet kube-system/new takes its ports of the nodes (80), on all nodes at once: nobody holds them until the new pods are ready\n"
	if !strings.Contains(p.Text(), want) {
		t.Errorf("%s\nlacks %s", p.Text(), want)
	}
}
