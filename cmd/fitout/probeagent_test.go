package main

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestProbeAgent asks a server that stands in for the agent of Cilium, and answers with what agents of its releases print.
func TestProbeAgent(t *testing.T) {
	for file, test := range map[string]struct {
		code int
		want []string
	}{
		"1.20.2.json":        {0, []string{"Kubernetes:              Ok         1.36 (v1.36.4) [linux/amd64]\n", "\ngood: is well (Cilium 1.20.2, 3/254 IPv4 addresses in use, 2 controllers)\n"}},
		"1.7.0.json":         {0, []string{"\ngood: is well (Cilium 1.7.0, "}},
		"1.20.2-broken.json": {1, []string{"Stale status:", "\nfailed: says: Cilium: Failure 1.20.2 Kubernetes service is not ready"}},
	} {
		socket := filepath.Join(t.TempDir(), "s")
		listener, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			http.ServeFile(w, r, "../../pkg/agent/testdata/cilium/"+file)
		})}
		go server.Serve(listener) //nolint:errcheck // it ends with the test
		t.Cleanup(func() { server.Close() })
		out, code := command(t, "probe", "agent", "--socket", socket)
		for _, want := range test.want {
			if code != test.code || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, no %q in\n%s", file, code, want, out)
			}
		}
	}
	out, code := command(t, "probe", "agent", "--socket", filepath.Join(t.TempDir(), "none"))
	if code != 1 || !strings.Contains(out, "no such file or directory; run this as root on a node that it runs on, or name its socket") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
