//go:build linux

package clusterbed_test

import (
	"net/http"
	"regexp"
	"testing"
)

// ciliumPolicies brings a policy of Cilium's own that lets everything through: the probe is to tell, while pods go on reaching
// each other, and to be good again afterwards.
func (f *fixture) ciliumPolicies(t *testing.T) {
	const path = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"
	f.create(t, path, object{
		"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy", "metadata": object{"name": "all"},
		"spec": object{"endpointSelector": object{}, "ingress": []any{object{"fromEntities": []any{"all"}}}},
	})
	defer f.enforces(t)
	defer func() {
		if err := f.bed.Do(t.Context(), http.MethodDelete, path+"/all", nil, nil); err != nil {
			t.Error(err)
		}
	}()
	if rows := f.probed(t); rows["network-policy"].Verdict != "failed" || rows["pod-network"].Verdict != "good" {
		t.Errorf("network-policy is %q, pod-network %q", rows["network-policy"].Verdict, rows["pod-network"].Verdict)
	}
}

// ciliumIsWell is the line of a status that names the agent's version.
var ciliumIsWell = regexp.MustCompile(`(?m)^Cilium: +Ok +1\.\d+\.`)

// ciliumAgents wants Cilium's agents to be well by their own account, asks them as an account that may and as one that may
// not, and holds one: what it has set up goes on working, but it is to be told as ill.
func (f *fixture) ciliumAgents(t *testing.T) {
	row := f.agentStatus(t)
	if row.Verdict != "good" || len(row.Nodes) != len(f.nodes()) {
		t.Errorf("%+v", row)
	}
	for _, n := range row.Nodes {
		if !ciliumIsWell.MatchString(n.Says) {
			t.Errorf("%s says %q", n.Node, n.Says)
		}
	}
	t.Run("rights", f.agentRights)
	t.Run("an agent hangs", func(t *testing.T) {
		f.sh(t, damaged, "kill -STOP $(pgrep -x cilium-agent)")
		defer f.sh(t, damaged, "kill -CONT $(pgrep -x cilium-agent)")
		if cause := f.agentIll(t, "failed", "does not answer").cause(); cause != "agent-hangs" {
			t.Errorf("the cause is %q", cause)
		}
		f.dataPath(t)
	})
	if row := f.agentStatus(t); row.Verdict != "good" {
		t.Errorf("all is mended, and yet: %+v", row)
	}
}

// switchProxy lets Cilium lead Service addresses in place of kube-proxy, or the other way round, on a cluster that works. The
// plugin portmap gives host ports to pods as they are created, so that those which Cilium gave them to are created anew.
func (f *fixture) switchProxy(t *testing.T) {
	f.kubeProxy = !f.kubeProxy
	if r := f.run(t, "up"); r.Verdict != "good" {
		t.Errorf("verdict %q: %+v", r.Verdict, r.Checks)
	}
	f.upAgain(t)
	if f.kubeProxy {
		w := &wreck{T: t, f: f}
		w.deletePods("kube-system", "traefik", "")
		f.good(t)
	}
	f.dataPath(t)
	for check, row := range f.probed(t) {
		if row.Verdict != "good" {
			t.Errorf("%s is %s", check, row.Verdict)
		}
	}
}
