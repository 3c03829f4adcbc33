package diff_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/diff"
)

func workload(args ...string) string {
	text := "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, namespace: demo}\nspec:\n  template:\n    spec:\n      containers:\n      - name: agent\n        args:\n"
	for _, a := range args {
		text += fmt.Sprintf("        - %q\n", a)
	}
	return text
}

// What looks like a credential in the arguments of a container is hidden, unless the bundle has it; that it changes is shown.
func TestArgumentsAreHidden(t *testing.T) {
	for _, args := range [][]string{
		{"--token=hunter2"}, {"--api-token", "hunter2"}, {"--db-password=hunter2", "--v=2"}, {"-password", "hunter2 and more"},
		{"https://user:hunter2@example.com/"}, {"--url=https://hunter2@example.com"}, {"sh", "-c", "curl -H 'Authorization: Bearer hunter2' https://x"},
		{"sh", "-c", "export CLIENT_SECRET=hunter2; exec x"}, {"sh", "-c", "x --password hunter2 --v 2"}, {"--apiKey=hunter2"}, {"--access_key=hunter2"},
		{"--x=eyJhunter2hunter2hunter2"}, {"hunter2Hunter2Hunter2Hunter2"}, {"--x=hunter2Hunter2Hunter2Hunter2"}, {`--config={"token":"hunter2"}`},
	} {
		other := make([]string, len(args))
		for i, a := range args {
			other[i] = strings.ReplaceAll(a, "hunter2", "hunter3")
		}
		for _, shown := range []string{
			diff.Object(parse(t, workload(args...)), nil, nil), diff.Object(parse(t, workload(args...)), parse(t, workload("--v=1")), nil),
			diff.Object(parse(t, workload(other...)), parse(t, workload(args...)), nil), diff.Object(nil, parse(t, workload(args...)), nil),
		} {
			if strings.Contains(shown, "hunter2") || strings.Contains(shown, "hunter3") || !strings.Contains(shown, "(hidden") {
				t.Errorf("%q is shown as\n%s", args, shown)
			}
		}
		if own := parse(t, workload(args...)); !strings.Contains(diff.Object(own, nil, own), "unter2") {
			t.Errorf("%q is hidden although the bundle has it", args)
		}
	}
	got := diff.Object(parse(t, workload("--token=hunter2")), parse(t, workload("--token=hunter3")), nil)
	for _, line := range []string{"-        - --token=(hidden, as it is)", "+        - --token=(hidden, changed)"} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
}

// Other arguments are shown.
func TestArgumentsAreShown(t *testing.T) {
	args := []string{"--v=5", "--config=/etc/kubernetes/kube-proxy.conf", "--cluster-cidr=100.64.0.0/15", "--feature-gates=AllAlpha=false,NFTablesProxyMode=true",
		"--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname", "--endpoint=unix:///var/lib/csi/sockets/pluginproxy/csi.sock", "https://example.com:6443"}
	got := diff.Object(parse(t, workload(args...)), nil, nil)
	for _, a := range args {
		if !strings.Contains(got, "- "+a+"\n") {
			t.Errorf("%s is not in\n%s", a, got)
		}
	}
}
