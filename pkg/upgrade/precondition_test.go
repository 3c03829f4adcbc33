package upgrade_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

func TestPreconditions(t *testing.T) {
	kubelet := func(v string) []upgrade.Node { return []upgrade.Node{{Name: "n", Kubelet: v}} }
	runtime := func(v string) []upgrade.Node { return []upgrade.Node{{Name: "n", Runtime: v}} }
	containerd2 := []bundle.NodeNeed{{Runtime: "containerd", From: "2.0.0", Means: "1.35 was the last for containerd 1"}}
	kernel := func(v string) []upgrade.Node { return []upgrade.Node{{Name: "n", Kernel: v}} }
	nftables := []bundle.NodeNeed{{Kernel: "5.13", ProxyMode: "nftables", Means: "nftables takes it"}}
	scheduler := func(v string) []upgrade.Component {
		return []upgrade.Component{{Name: "kube-scheduler", Pod: "s", Version: v}}
	}
	use := upgrade.DeprecatedUse{Group: "flowcontrol.apiserver.k8s.io", Version: "v1beta3", Resource: "flowschemas", Removed: "1.37"}
	for name, c := range map[string]struct {
		given upgrade.Conditions
		of    string
		want  string // the verdict, and a part of the reason
	}{
		"a kubelet of the old minor":     {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.36.4", Nodes: kubelet("v1.36.4")}}, upgrade.VersionSkew, "met"},
		"a kubelet three minors older":   {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.36.4", Nodes: kubelet("v1.34.1")}}, upgrade.VersionSkew, "met"},
		"a kubelet four minors older":    {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.36.4", Nodes: kubelet("v1.33.1")}}, upgrade.VersionSkew, "unmet: kubelet of node n is v1.33.1, more than 3 minors older than 1.37"},
		"a kubelet newer than the API":   {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.36.4", Nodes: kubelet("v1.37.0")}}, upgrade.VersionSkew, "unmet: newer than the API server"},
		"a kubelet of no version":        {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.36.4", Nodes: kubelet("fake")}}, upgrade.VersionSkew, "met"},
		"a scheduler one minor older":    {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.37.0", Components: scheduler("v1.36.4")}}, upgrade.VersionSkew, "met"},
		"a scheduler two minors older":   {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.36.4", Components: scheduler("v1.35.1")}}, upgrade.VersionSkew, "unmet: kube-scheduler of pod s"},
		"a proxy four minors older":      {upgrade.Conditions{Proxy: "1.33.0", Survey: upgrade.Survey{Server: "v1.36.4"}}, upgrade.VersionSkew, "unmet: the proxy of the nodes is 1.33.0"},
		"API servers beyond the bundle":  {upgrade.Conditions{Survey: upgrade.Survey{Server: "v1.38.0"}}, upgrade.VersionSkew, "unmet: newer than 1.37"},
		"nodes that may not be listed":   {upgrade.Conditions{Survey: upgrade.Survey{Unseen: map[string]string{upgrade.VersionSkew: "forbidden"}}}, upgrade.VersionSkew, "unknown: forbidden"},
		"an API that goes is asked for":  {upgrade.Conditions{Survey: upgrade.Survey{Requests: []upgrade.DeprecatedUse{use}}}, upgrade.RemovedAPIs, "unmet: flowschemas of flowcontrol.apiserver.k8s.io/v1beta3"},
		"one that goes later":            {upgrade.Conditions{Survey: upgrade.Survey{Requests: []upgrade.DeprecatedUse{{Version: "v1", Resource: "x", Removed: "1.38"}}}}, upgrade.RemovedAPIs, "met"},
		"one that goes never":            {upgrade.Conditions{Survey: upgrade.Survey{Requests: []upgrade.DeprecatedUse{{Version: "v1", Resource: "x"}}}}, upgrade.RemovedAPIs, "met"},
		"somebody writes an old version": {upgrade.Conditions{Writers: []upgrade.Writer{{Object: manifest.ID{Kind: "A", Name: "a"}, Manager: "helm", APIVersion: "a/v1beta1"}}}, upgrade.RemovedAPIs, "unmet: helm writes A a as a/v1beta1"},
		"something is not ready":         {upgrade.Conditions{Unready: []string{"Deployment a: 0 of 1"}}, upgrade.Health, "unmet: Deployment a"},
		"health cannot be seen":          {upgrade.Conditions{Unobserved: "forbidden"}, upgrade.Health, "unknown: forbidden"},
		"a budget that allows some":      {upgrade.Conditions{Survey: upgrade.Survey{Budgets: []upgrade.Budget{{Pods: 3, Allowed: 1}}}}, upgrade.Disruptions, "met"},
		"a budget without pods":          {upgrade.Conditions{Survey: upgrade.Survey{Budgets: []upgrade.Budget{{}}}}, upgrade.Disruptions, "met"},
		"a budget that allows none":      {upgrade.Conditions{Survey: upgrade.Survey{Budgets: []upgrade.Budget{{Pods: 3}}}}, upgrade.Disruptions, "unmet: none of its 3 pods"},
		"an old runtime":                 {upgrade.Conditions{Rules: containerd2, Survey: upgrade.Survey{Nodes: runtime("containerd://1.7.20")}}, upgrade.NodeFacts, "unmet: node n has containerd 1.7.20, older than 2.0.0"},
		"a new runtime":                  {upgrade.Conditions{Rules: containerd2, Survey: upgrade.Survey{Nodes: runtime("containerd://2.1.0")}}, upgrade.NodeFacts, "met"},
		"another runtime":                {upgrade.Conditions{Rules: containerd2, Survey: upgrade.Survey{Nodes: runtime("cri-o://1.34.0")}}, upgrade.NodeFacts, "met"},
		"what nodes do not tell":         {upgrade.Conditions{Rules: []bundle.NodeNeed{{Means: "cgroup v2"}}}, upgrade.NodeFacts, "unknown: cgroup v2; nodes do not tell"},
		"an old kernel":                  {upgrade.Conditions{Rules: nftables, ProxyMode: "nftables", Survey: upgrade.Survey{Nodes: kernel("5.4.0-150-generic")}}, upgrade.NodeFacts, "unmet: node n has the kernel 5.4.0-150-generic, older than 5.13: nftables takes it"},
		"a new kernel":                   {upgrade.Conditions{Rules: nftables, ProxyMode: "nftables", Survey: upgrade.Survey{Nodes: kernel("6.1.0-18-amd64")}}, upgrade.NodeFacts, "met"},
		"a kernel of no version":         {upgrade.Conditions{Rules: nftables, ProxyMode: "nftables", Survey: upgrade.Survey{Nodes: kernel("fake")}}, upgrade.NodeFacts, "met"},
		"an old kernel, in another mode": {upgrade.Conditions{Rules: nftables, ProxyMode: "iptables", Survey: upgrade.Survey{Nodes: kernel("5.4.0")}}, upgrade.NodeFacts, "met"},
		"a mode that goes":               {upgrade.Conditions{Rules: []bundle.NodeNeed{{ProxyMode: "ipvs", Means: "ipvs is deprecated"}}, ProxyMode: "ipvs"}, upgrade.NodeFacts, "unknown: ipvs is deprecated"},
		"a release of Helm":              {upgrade.Conditions{Releases: []string{"Helm release a/b holds"}}, upgrade.HelmReleases, "unmet: Helm release a/b holds"},
		"Secrets that may not be listed": {upgrade.Conditions{Survey: upgrade.Survey{Unseen: map[string]string{upgrade.HelmReleases: "forbidden"}}}, upgrade.HelmReleases, "unknown: forbidden"},
		"no room":                        {upgrade.Conditions{NoRoom: []string{"no node has room"}}, upgrade.Room, "unmet: no node has room"},
		"a patch":                        {upgrade.Conditions{Overrides: []string{"a patch"}}, upgrade.OverridesSet, "unknown: a patch"},
		"one that is skipped":            {upgrade.Conditions{Unready: []string{"x"}, Skip: []string{upgrade.Health}}, upgrade.Health, "skipped"},
		"the phase before, too late":     {upgrade.Conditions{Phase: upgrade.BeforeControlPlane, Survey: upgrade.Survey{Server: "v1.37.0"}}, upgrade.PhaseOrder, "unmet: begin with --phase after-control-plane"},
		"the phase after, too early":     {upgrade.Conditions{Phase: upgrade.AfterControlPlane, Survey: upgrade.Survey{Server: "v1.36.0"}}, upgrade.PhaseOrder, "unmet: upgrade the control plane"},
		"the last phase, in time":        {upgrade.Conditions{Phase: upgrade.AfterNodes, Survey: upgrade.Survey{Server: "v1.37.0", Nodes: kubelet("v1.37.0")}}, upgrade.PhaseOrder, "met"},
	} {
		t.Run(name, func(t *testing.T) {
			c.given.From, c.given.To = "1.36", "1.37"
			all := upgrade.Preconditions(c.given)
			at := slices.IndexFunc(all, func(p upgrade.Precondition) bool { return p.Name == c.of })
			if at < 0 {
				t.Fatalf("no %s in %v", c.of, all)
			}
			verdict, reason, _ := strings.Cut(c.want, ": ")
			if got := strings.Join(all[at].Lines(), "\n"); string(all[at].Verdict) != verdict || !strings.Contains(got, reason) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Kubelets of 1.15 to 1.18 are up to two minors older.
func TestSkewOfOldVersions(t *testing.T) {
	for kubelet, want := range map[string]upgrade.Verdict{"v1.16.9": upgrade.Met, "v1.15.11": upgrade.Unmet} {
		all := upgrade.Preconditions(upgrade.Conditions{From: "1.17", To: "1.18", Survey: upgrade.Survey{Server: "v1.17.5", Nodes: []upgrade.Node{{Name: "n", Kubelet: kubelet}}}})
		if all[0].Name != upgrade.VersionSkew || all[0].Verdict != want {
			t.Errorf("%s: %v, want %s", kubelet, all[0], want)
		}
	}
}

func TestReasonsAreBounded(t *testing.T) {
	all := upgrade.Preconditions(upgrade.Conditions{Unready: slices.Repeat([]string{"x"}, 5000)})
	for _, p := range all {
		if p.Name == upgrade.Health && (len(p.Reasons) != 11 || p.Reasons[10] != "and 4990 more") {
			t.Errorf("%d reasons, the last %q", len(p.Reasons), p.Reasons[len(p.Reasons)-1])
		}
	}
}
