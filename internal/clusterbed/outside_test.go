//go:build linux

package clusterbed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOutside asks a real cluster what can be asked without pods, breaks it, and wants that to be seen. Nodes are asked
// directly from node-1: the machine has no way into the bed's network. It runs when FITOUT_OUTSIDE names the Kubernetes
// minor: `make outside`.
func TestOutside(t *testing.T) {
	minor := os.Getenv("FITOUT_OUTSIDE")
	if minor == "" {
		t.Skip("FITOUT_OUTSIDE is not set: make outside sets it")
	}
	f := startBed(t, minor, "flannel")
	f.run(t, "up")
	f.inside = f.handedOver(t)
	f.outside(t, "", map[string]string{
		"dns-pods":      "good: asked by port-forward, without pods and over TCP only: 1 of 1 good, slowest ",
		"proxy-health":  "good: asked through the API server, without pods: 2 of 2 good, slowest ",
		"ingress-ports": "good: asked directly, without pods: 4 of 4 good (port 80 2/2, port 443 2/2), slowest ",
		"dns-service":   "skipped: no pod is started with --probe=never",
		"api-server":    "skipped: no pod is started with --probe=never",
		"ingress-route": "skipped: no pod is started with --probe=never",
	})
	for _, d := range []struct {
		name   string
		breaks func(w *wreck)
		check  string
		says   string
	}{
		{"a zone that nobody asks for", func(w *wreck) {
			w.replace(corefile, "Corefile", "kubernetes cluster.local", "kubernetes cluster.wrong")
			w.restart("kube-system", "coredns", "")
		}, "dns-pods", "failed: asked by port-forward, without pods and over TCP only: 0 of 1 good; to coredns-"},
		{"a kube-proxy that hangs", proxyStopped, "proxy-health", "degraded: asked through the API server, without pods: 1 of 2 good; to kube-proxy on node-2 (198.18.0.12): no answer within 5s"},
		{"no ingress controller", func(w *wreck) {
			w.container("/apis/apps/v1/namespaces/kube-system/daemonsets/traefik", func(pod, _ object) { pod["nodeSelector"] = object{"no": "such"} })
		}, "ingress-ports", "failed: asked directly, without pods: 0 of 4 good (port 80 0/2, port 443 0/2); to traefik on node-1 (198.18.0.11): dial tcp 198.18.0.11:80: connect: connection refused"},
	} {
		t.Run(d.name, func(t *testing.T) {
			w := &wreck{T: t, f: f}
			defer f.outside(t, "", map[string]string{d.check: "good: "})
			defer w.mend()
			d.breaks(w)
			f.outside(t, "", map[string]string{d.check: d.says})
		})
	}
	t.Run("with the rights of a check", f.outsideRights)
}

// outsideRights takes rights away: what may not be asked is unknown, or is asked in another way.
func (f *fixture) outsideRights(t *testing.T) {
	w := &wreck{T: t, f: f}
	defer w.mend()
	out, err := exec.CommandContext(t.Context(), f.fitout, "rbac", "--check", "-o", "json", "-f", filepath.Join(f.bed.Dir, "cluster.yaml"),
		"--cni", "flannel", "--ingress", f.ingress, "--csi", "scaleway-csi").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []object }
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, o := range list.Items {
		if path := rbacPath(o); path != "" {
			w.create(path, o)
		}
	}
	const as = "--as system:serviceaccount:kube-system:fitout-check"
	f.outside(t, as, map[string]string{
		"dns-pods": "good: asked by port-forward, ", "proxy-health": "good: asked directly, without pods: 2 of 2 good, ", "ingress-ports": "good: asked directly, ",
	})
	w.do(http.MethodDelete, "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/fitout-check", nil, nil)
	role := "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles"
	w.do(http.MethodPost, role, object{"metadata": object{"name": "fitout-check"}, "rules": []any{
		object{"apiGroups": []any{"*"}, "resources": []any{"*"}, "verbs": []any{"get", "list"}}}}, nil)
	f.outside(t, as, map[string]string{"dns-pods": `unknown: node-`})
}

// rbacPath is the collection of an object of fitout rbac; empty for those that are there.
func rbacPath(o object) string {
	metadata := o["metadata"].(object)
	namespace := ""
	if metadata["namespace"] != nil {
		namespace = "/namespaces/" + metadata["namespace"].(string)
	}
	kind := o["kind"].(string)
	switch kind {
	case "Namespace":
		return ""
	case "ServiceAccount":
		return "/api/v1" + namespace + "/serviceaccounts"
	}
	return "/apis/rbac.authorization.k8s.io/v1" + namespace + "/" + strings.ToLower(kind) + "s"
}

// outside checks from node-1 without pods until the rows begin as wanted.
func (f *fixture) outside(t *testing.T, more string, want map[string]string) {
	t.Helper()
	command := fmt.Sprintf("cd %s && ./fitout check --kubeconfig kubeconfig -f cluster.yaml --cni flannel --ingress traefik --csi scaleway-csi --probe=never -o json %s || true", f.inside, more)
	eventually(t, 90*time.Second, func(ctx context.Context) string {
		out, err := f.bed.Exec(ctx, "node-1", "sh", "-c", command)
		if err != nil {
			return err.Error()
		}
		var r report
		if err := json.Unmarshal([]byte(out[strings.Index(string(out), "{"):]), &r); err != nil {
			return err.Error() + ": " + string(out)
		}
		var told []string
		for _, row := range r.Checks {
			if want[row.Check] == "" {
				continue
			}
			text := row.Verdict + ": " + row.Detail
			if !strings.HasPrefix(text, want[row.Check]) {
				return row.Check + " " + text
			}
			told = append(told, row.Check+" "+text)
		}
		if len(told) != len(want) {
			return "rows are missing: " + string(out)
		}
		t.Log(strings.Join(told, "\n"))
		return ""
	})
}
