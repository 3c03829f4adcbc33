//go:build linux

package clusterbed_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// agents wants flannel's agents to be well by their own account, asks them as an account that may and as one that may not,
// and damages what flannel has made of a node: all objects stay as they are then, and ready.
func (f *fixture) agents(t *testing.T) {
	row := f.agentStatus(t)
	if row.Verdict != "good" || len(row.Nodes) != len(f.nodes()) {
		t.Errorf("%+v", row)
	}
	for _, n := range row.Nodes {
		if !strings.Contains(n.Says, "FLANNEL_SUBNET=") {
			t.Errorf("%s says %q", n.Node, n.Says)
		}
	}
	t.Run("rights", f.agentRights)
	const environment = "/run/flannel/subnet.env"
	for _, d := range []struct{ name, breaks, mends, says string }{
		{"subnet.env is gone", "mv " + environment + " /run/subnet.env", "mv /run/subnet.env " + environment, "no pod can be started: exit code 1: cat: can't open '" + environment + "'"},
		{"subnet.env is of another node", "sed -i.right 's|^FLANNEL_SUBNET=.*|FLANNEL_SUBNET=100.64.77.1/24|' " + environment, "mv " + environment + ".right " + environment, "pods get addresses of 100.64.77.0/24"},
		{"flannel.1 was made anew", otherAddress, rightAddress, "flannel.1 has 02:00:00:00:00:07"},
	} {
		t.Run(d.name, func(t *testing.T) {
			f.sh(t, damaged, d.breaks)
			defer f.sh(t, damaged, d.mends)
			f.agentIll(t, "failed", d.says)
		})
	}
	t.Run("announced elsewhere", func(t *testing.T) {
		w := &wreck{T: t, f: f}
		defer w.mend()
		announce := func(address any) (before any) {
			const node, key = "/api/v1/nodes/" + damaged, "flannel.alpha.coreos.com/public-ip"
			var o object
			w.do(http.MethodGet, node, nil, &o)
			annotations := o["metadata"].(object)["annotations"].(object)
			before, annotations[key] = annotations[key], address
			w.do(http.MethodPut, node, o, nil)
			return before
		}
		right := announce("198.18.0.99")
		w.later(func() { announce(right) })
		f.agentIll(t, "degraded", "the others are told to reach it at 198.18.0.99")
	})
	if row := f.agentStatus(t); row.Verdict != "good" {
		t.Errorf("all is mended, and yet: %+v", row)
	}
	f.dataPath(t) // it was broken in between
}

// With another hardware address an interface forgets its neighbours, permanent ones, too: flannel would not write them again.
const (
	otherAddress = "ip neigh show dev flannel.1 | sed 's/^/neigh replace /; s/ PERMANENT/ dev flannel.1 nud permanent/' > /run/neighbours; " +
		"cat /sys/class/net/flannel.1/address > /run/right; ip link set flannel.1 address 02:00:00:00:00:07"
	rightAddress = "ip link set flannel.1 address $(cat /run/right); ip -batch /run/neighbours"
)

// agentIll wants the agent of the damaged node to be told as ill, and no other, and returns the row.
func (f *fixture) agentIll(t *testing.T, verdict, says string) agentRow {
	t.Helper()
	row := f.agentStatus(t)
	t.Log(row.Detail)
	for _, n := range row.Nodes {
		want := "good"
		if n.Node == damaged {
			want = verdict
		}
		if n.Verdict != want || n.Node == damaged && !strings.Contains(n.Detail, says) {
			t.Errorf("%+v", n)
		}
	}
	return row
}

// agentRights asks as an account with the rights that fitout rbac prints for checks, without and with those for agents.
func (f *fixture) agentRights(t *testing.T) {
	for _, flag := range []string{"--agents=false", "--agents"} {
		out, err := exec.CommandContext(t.Context(), f.fitout, "rbac", "--check", flag, "-f", filepath.Join(f.bed.Dir, "cluster.yaml"),
			"--kubernetes", os.Getenv("FITOUT_E2E"), "--cni", f.cni, "--ingress", f.ingress, "--kube-proxy", strconv.FormatBool(f.kubeProxy), "--csi", "scaleway-csi", "-o", "json").Output()
		var list struct{ Items []object }
		if err != nil || json.Unmarshal(out, &list) != nil {
			t.Fatalf("%v: %s", err, out)
		}
		w := &wreck{T: t, f: f}
		for _, o := range list.Items {
			if o["kind"] != "Namespace" { // they are there
				w.create(collectionOf(o), o)
			}
		}
		row := f.agentStatus(t, "--as", "system:serviceaccount:kube-system:fitout-check")
		w.mend()
		t.Log(row.Verdict, row.Detail)
		if flag == "--agents" && row.Verdict != "good" {
			t.Errorf("with the right: %+v", row)
		}
		if flag != "--agents" && (row.Verdict != "unknown" || !strings.Contains(row.Detail, "is forbidden") || !strings.Contains(row.Detail, "fitout rbac --check --agents")) {
			t.Errorf("without the right: %+v", row)
		}
	}
}

// collectionOf is where an object of RBAC, or a ServiceAccount, is created.
func collectionOf(o object) string {
	kind, _ := o["kind"].(string)
	path := "/apis/rbac.authorization.k8s.io/v1"
	if kind == "ServiceAccount" {
		path = "/api/v1"
	}
	if namespace, ok := o["metadata"].(object)["namespace"].(string); ok {
		path += "/namespaces/" + namespace
	}
	return path + "/" + strings.ToLower(kind) + "s"
}

type agentRow struct {
	digestedRow
	Nodes []struct{ Node, Verdict, Detail, Says string }
}

// agentStatus checks the agents alone, which takes no probe pods.
func (f *fixture) agentStatus(t *testing.T, more ...string) agentRow {
	t.Helper()
	cmd := f.command(t.Context(), "check", append([]string{"--only", "agent-status", "--probe=never", "-o", "json"}, more...)...)
	out, _ := cmd.Output() // its exit code is in the row
	var r struct{ Checks []agentRow }
	if err := json.Unmarshal(out, &r); err != nil || len(r.Checks) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	return r.Checks[0]
}
