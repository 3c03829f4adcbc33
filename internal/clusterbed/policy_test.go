//go:build linux

package clusterbed_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// policies takes the enforcement of network policies away, on one node and on all, while pods go on reaching each other:
// the probe is to tell, and to be good again afterwards.
func (f *fixture) policies(t *testing.T) {
	t.Run("a node without rules", f.rulesFlushed)
	t.Run("a policy that lets all through", f.policiesOverruled)
}

// rulesFlushed keeps Felix of a node from putting back the rules that are removed: those for what pods get, and those for
// what they send to the node, which would drop the answers of pods that it has not heard of.
func (f *fixture) rulesFlushed(t *testing.T) {
	f.sh(t, damaged, "pkill -STOP -f 'calico-node -felix$' && iptables -F cali-FORWARD && iptables -F cali-INPUT")
	defer f.enforces(t)
	defer f.sh(t, damaged, "pkill -KILL -f 'calico-node -felix$'") // it is started again, and looks at all rules
	rows := f.probed(t)
	if rows["network-policy"].Verdict != "degraded" || rows["pod-network"].Verdict != "good" {
		t.Errorf("network-policy is %q, pod-network %q", rows["network-policy"].Verdict, rows["pod-network"].Verdict)
	}
}

// policiesOverruled brings a policy that Calico looks at before those of Kubernetes.
func (f *fixture) policiesOverruled(t *testing.T) {
	const path = "/apis/crd.projectcalico.org/v1/globalnetworkpolicies"
	f.create(t, path, object{
		"apiVersion": "crd.projectcalico.org/v1", "kind": "GlobalNetworkPolicy", "metadata": object{"name": "default.all"},
		"spec": object{"tier": "default", "order": 1, "types": []any{"Ingress"}, "ingress": []any{object{"action": "Allow"}}},
	})
	defer f.enforces(t)
	defer func() {
		if err := f.bed.Do(t.Context(), http.MethodDelete, path+"/default.all", nil, nil); err != nil {
			t.Error(err)
		}
	}()
	if rows := f.probed(t); rows["network-policy"].Verdict != "failed" || rows["pod-network"].Verdict != "good" {
		t.Errorf("network-policy is %q, pod-network %q", rows["network-policy"].Verdict, rows["pod-network"].Verdict)
	}
}

// policiesIgnored asks flannel, which enforces nothing, for what Calico is asked for.
func (f *fixture) policiesIgnored(t *testing.T) {
	f.loadProbeImage(t)
	if rows := f.probed(t, "--cni", "calico"); rows["network-policy"].Verdict != "failed" || rows["pod-network"].Verdict != "good" {
		t.Errorf("network-policy is %q, pod-network %q", rows["network-policy"].Verdict, rows["pod-network"].Verdict)
	}
}

// enforces waits until policies are enforced, by an agent that is ready.
func (f *fixture) enforces(t *testing.T) {
	eventually(t, 2*time.Minute, func(context.Context) string {
		if rows := f.probed(t); rows["network-policy"].Verdict != "good" || rows["ready"].Verdict != "good" {
			return fmt.Sprintf("network-policy is %q, ready %q", rows["network-policy"].Verdict, rows["ready"].Verdict)
		}
		return ""
	})
}
