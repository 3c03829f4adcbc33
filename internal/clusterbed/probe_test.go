//go:build linux

package clusterbed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/ociimage"
)

// tunnelPorts are where the nodes take VXLAN from each other, by CNI.
var tunnelPorts = map[string]string{"flannel": "8472", "calico": "4789", "cilium": "8472"}

const probeImage = "docker.io/fitout/fitout:e2e"

// probes gives the nodes the image of probe pods, wants every probe good, and breaks things that leave every object
// ready: a probe that has nothing to tell then is none.
func (f *fixture) probes(t *testing.T) {
	f.loadProbeImage(t)
	for check, row := range f.probed(t) {
		if row.Verdict != "good" {
			t.Errorf("%s is %s", check, row.Verdict)
		}
	}
	// In the table raw, since Calico puts its own rules for the tunnel before others of INPUT.
	tunnel := "PREROUTING -p udp --dport " + tunnelPorts[f.cni]
	large := tunnel + " -m length --length 1480:"
	services, servicesCause := []string{"service-network", "proxy-health", "api-server"}, "service-address or, once the kubelet has noticed, probe"
	if f.cni == "cilium" { // it translates Service addresses of pods itself, beside kube-proxy
		services, servicesCause = []string{"proxy-health"}, "unexplained or, once the kubelet has noticed, probe"
	}
	for _, fault := range []struct {
		name, node, breaks, mends string
		unmet                     []string // these rows are, and no others
		cause                     string   // of the first of them
	}{
		{"tunnel", "node-2", "iptables -t raw -I " + tunnel + " -j DROP", "iptables -t raw -D " + tunnel + " -j DROP", []string{"pod-network"}, "between-nodes"},
		{"large packets", "node-2", "iptables -t raw -I " + large + " -j DROP", "iptables -t raw -D " + large + " -j DROP", []string{"packet-size"}, "packet-size"},
		{"kube-proxy", "node-1", "kill -STOP $(pgrep -x kube-proxy); iptables -t nat -F KUBE-SERVICES", "kill -CONT $(pgrep -x kube-proxy)", services, servicesCause},
	} {
		if fault.name == "kube-proxy" && !f.kubeProxy {
			continue
		}
		t.Run(fault.name, func(t *testing.T) {
			f.sh(t, fault.node, fault.breaks)
			defer f.sh(t, fault.node, fault.mends)
			rows := f.probed(t)
			if fault.name == "kube-proxy" && f.cni == "cilium" && rows["service-network"].Verdict != "good" {
				t.Errorf("service-network is %q, although Cilium needs no kube-proxy for it", rows["service-network"].Verdict)
			}
			for _, check := range fault.unmet {
				if rows[check].Verdict != "degraded" {
					t.Errorf("%s is %q", check, rows[check].Verdict)
				}
			}
			if cause := rows[fault.unmet[0]].cause(); cause == "" || !strings.Contains(fault.cause, cause) {
				t.Errorf("%s comes from %q, not from %q", fault.unmet[0], cause, fault.cause)
			}
			for _, check := range []string{"pod-network", "packet-size", "proxy-health"} {
				if unmet := rows[check].Verdict == "degraded" || rows[check].Verdict == "failed"; unmet && !strings.Contains(strings.Join(fault.unmet, " "), check) {
					t.Errorf("%s is %s for another reason than its own", check, rows[check].Verdict)
				}
			}
		})
	}
	var list struct {
		Items []struct {
			Metadata struct{ DeletionTimestamp string }
		}
	}
	if err := f.bed.Get(t.Context(), "/api/v1/namespaces?labelSelector=fitout.dev/probe", &list); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range list.Items {
		if namespace.Metadata.DeletionTimestamp == "" {
			t.Error("a check has left its namespace")
		}
	}
}

func (f *fixture) sh(t *testing.T, node, script string) {
	if out, err := f.bed.Exec(t.Context(), node, "sh", "-c", script); err != nil {
		t.Errorf("%v %s", err, out)
	}
}

// probed runs a check with probes and returns the rows by check: of several, one that is not good.
func (f *fixture) probed(t *testing.T, more ...string) map[string]digestedRow {
	cmd := f.command(t.Context(), "check", append(more, "--probe", "--probe-image", probeImage, "-o", "json")...)
	out, _ := cmd.Output() // its exit code is in the rows
	var r struct{ Checks []digestedRow }
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rows := map[string]digestedRow{}
	for _, row := range r.Checks {
		if rows[row.Check].Check == "" {
			rows[row.Check] = row
		}
		if row.Verdict != "good" {
			rows[row.Check] = row
			t.Logf("%s %s %s: %s; %s", row.Addon, row.Check, row.Verdict, row.Detail, row.cause())
		}
	}
	return rows
}

// probesExplained takes away what leads Service addresses on a node, and wants the probes that go through them to come from
// that.
func (f *fixture) probesExplained(t *testing.T) {
	f.loadProbeImage(t)
	pod, err := f.addonPod(t.Context(), "kube-proxy")
	if err != nil {
		t.Fatal(err)
	}
	w := &wreck{T: t, f: f}
	defer f.good(t)
	defer w.mend()
	if err := f.bed.RemoveImage(t.Context(), damaged, pod.image); err != nil {
		t.Fatal(err)
	}
	w.later(func() {
		if err := f.bed.LoadImages(t.Context(), damaged); err != nil {
			t.Error(err)
		}
	})
	w.restart("kube-system", "kube-proxy", damaged)
	f.sh(t, damaged, "iptables -t nat -F KUBE-SERVICES") // its rules outlive it
	eventually(t, 3*time.Minute, func(context.Context) string {
		rows := f.probed(t)
		for _, check := range []string{"dns-service", "service-network", "api-server", "proxy-health"} {
			d := rows[check].Digest
			if d == nil || d.Cause != "image-unreachable" || d.Object != "DaemonSet kube-system/kube-proxy" || d.Node != damaged || d.Part == "" {
				return fmt.Sprintf("%s comes from %+v", check, d)
			}
		}
		return ""
	})
}

// loadProbeImage packs the command of this checkout as make image does, and gives it to the nodes.
func (f *fixture) loadProbeImage(t *testing.T) {
	program, err := os.ReadFile(f.fitout)
	if err != nil {
		t.Fatal(err)
	}
	layer := ociimage.NewLayer()
	if err := layer.File("/fitout", 0o755, program, nil); err != nil {
		t.Fatal(err)
	}
	text, err := layer.Tar()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp("/var/tmp", "fitout-e2e-*.tar") // nodes have a /tmp of their own
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := ociimage.Write(file, probeImage, ociimage.Platform{OS: "linux", Arch: "amd64", Entrypoint: []string{"/fitout"}, Layer: text}); err != nil {
		t.Fatal(err)
	}
	for _, node := range f.nodes() {
		f.sh(t, node, "ctr --namespace k8s.io images import "+file.Name())
	}
}
