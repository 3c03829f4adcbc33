package fitout_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

// What somebody has changed in the default zone of the cluster DNS stays with the policy keep, run after run, and the check calls it
// good; with take-over it goes, and each line is named.
func TestKeepCorefileEdits(t *testing.T) {
	id := manifest.ID{Kind: "ConfigMap", Namespace: "kube-system", Name: "coredns"}
	for name, edit := range map[string]func(text string) string{
		"hosts": func(text string) string {
			return strings.Replace(text, "ready", "ready\n    hosts {\n        192.0.2.10 git.example.org\n        fallthrough\n    }", 1)
		},
		"rewrite": func(text string) string {
			return strings.Replace(text, "ready", "ready\n    rewrite name exact a.example.org b.example.org", 1)
		},
		"template": func(text string) string {
			return strings.Replace(text, "ready", "ready\n    template IN AAAA example.org {\n        rcode NXDOMAIN\n    }", 1)
		},
		"forward": func(text string) string {
			return strings.Replace(text, "forward . /etc/resolv.conf", "forward . 192.0.2.53", 1)
		},
		"cache": func(text string) string { return strings.Replace(text, "cache 30", "cache 60", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			m, p := newMemory(), planFor(t, "cni: flannel\ncsi: none\n")
			if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
				t.Fatal(err)
			}
			rendered := m.objects[id].Object["data"].(map[string]any)["Corefile"].(string)
			theirs := edit(rendered)
			if theirs == rendered {
				t.Fatal("nothing is edited")
			}
			m.edit(id, "kubectl-edit", "data|Corefile", theirs)
			if _, err := apply(m, p, fitout.ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "set by kubectl-edit") {
				t.Errorf("without a policy: %v", err)
			}
			keep := changeset.Policies{"coredns": changeset.Leave}
			if _, err := apply(m, p, fitout.ApplyOptions{Policies: changeset.Options{Conflicts: keep}}); err != nil {
				t.Fatal(err)
			}
			writes := m.writes // the choice is recorded
			if _, err := apply(m, p, fitout.ApplyOptions{Policies: changeset.Options{Conflicts: keep}}); err != nil {
				t.Fatal(err)
			}
			if got := m.objects[id].Object["data"].(map[string]any)["Corefile"]; got != theirs || m.writes != writes {
				t.Errorf("%d writes, and the Corefile is\n%s", m.writes-writes, got)
			}
			for _, test := range []struct {
				told changeset.Policies
				want check.Verdict
			}{{keep, check.Good}, {nil, check.Good}, {changeset.Policies{"": changeset.Fail}, check.Degraded}} {
				r, err := fitout.Check(t.Context(), m, p, fitout.CheckOptions{Timing: fitout.Timing{Timeout: fitout.DefaultTiming.Timeout}, Conflicts: test.told}, fitout.Silent{})
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range r.Checks {
					if row.Addon == "coredns" && row.Check == check.Unchanged && row.Verdict != test.want {
						t.Errorf("told %v: %s: %s", test.told, row.Verdict, row.Detail)
					}
				}
			}
			told := &notes{}
			o := fitout.ApplyOptions{Timing: fitout.DefaultTiming, Version: "test", Policies: changeset.Options{Conflicts: changeset.Policies{"": changeset.TakeOver}}}
			if _, err := fitout.Apply(t.Context(), m, p, o, told); err != nil {
				t.Fatal(err)
			}
			if got := m.objects[id].Object["data"].(map[string]any)["Corefile"]; got != rendered || !strings.Contains(strings.Join(told.lines, "\n"), "taken over in ConfigMap kube-system/coredns: ") {
				t.Errorf("%s\n%s", told.lines, got)
			}
		})
	}
}

// What an autoscaler, kubectl rollout restart or kubectl edit has done to a workload: nobody's business, kept, or refused by its field.
func TestEditsOfWorkloads(t *testing.T) {
	id := manifest.ID{Group: "apps", Kind: "Deployment", Namespace: "kube-system", Name: "coredns"}
	for name, test := range map[string]struct {
		manager, path string
		value         any
		refused       string // empty if the run goes on, and leaves it
	}{
		"kubectl rollout restart": {"kubectl-rollout", "spec|template|metadata|annotations|kubectl.kubernetes.io/restartedAt", "2026-01-01T00:00:00Z", ""},
		"an autoscaler":           {"kube-controller-manager", "spec|replicas", int64(5), ""},
		"kubectl scale":           {"kubectl", "spec|replicas", int64(3), "spec.replicas is 3, set by kubectl"},
		"a node selector":         {"kubectl-edit", "spec|template|spec|nodeSelector|pool", "a", ""},
		"another priority":        {"kubectl-edit", "spec|template|spec|priorityClassName", "low", "spec.template.spec.priorityClassName is low, set by kubectl-edit"},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := newMemory(), planFor(t, "cni: flannel\ncsi: none\n")
			if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
				t.Fatal(err)
			}
			m.edit(id, test.manager, test.path, test.value)
			_, err := apply(m, p, fitout.ApplyOptions{})
			before := m.objects[id].DeepCopy()
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("error %v", err)
			}
			writes := 0
			for range 2 { // the first records the choice
				writes = m.writes
				if _, err := apply(m, p, fitout.ApplyOptions{Policies: changeset.Options{Conflicts: changeset.Policies{"": changeset.Leave}}}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(before, m.objects[id]); diff != "" || m.writes != writes {
				t.Errorf("kept: %d writes, %s", m.writes-writes, diff)
			}
		})
	}
}
