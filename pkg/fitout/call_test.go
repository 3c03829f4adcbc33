package fitout_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// remote is a cluster with a DNS pod, whose nodes have an address where nothing is.
type remote struct{ prober }

func (p *remote) Survey(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (probes.Survey, error) {
	s, err := p.prober.Survey(ctx, kinds, objects)
	for i := range s.Nodes {
		s.Nodes[i].Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.9"}}
	}
	s.DNS = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system"}, Spec: corev1.ServiceSpec{ClusterIP: "10.32.0.10", Selector: map[string]string{"k8s-app": "kube-dns"}}}
	s.Pods = []corev1.Pod{{
		ObjectMeta: metav1.ObjectMeta{Name: "dns", Namespace: "kube-system", Labels: s.DNS.Spec.Selector}, Spec: corev1.PodSpec{NodeName: "node-0"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}}
	return s, err
}

// Without pods, what can be asked from outside is asked, what could not be is unknown, and nothing is brought into the
// cluster.
func TestProbeWithoutPods(t *testing.T) {
	p := &remote{prober{silent: "node-1"}}
	r := &report.Report{}
	start := time.Now()
	o := fitout.ProbeOptions{Run: "r", Absent: "no image", Select: fitout.Selection{Skip: []string{"node-metrics"}}}
	if err := fitout.Probe(t.Context(), p, prepare(t, catalogue(t), "1.36", "flannel", "none"), o, r); err != nil {
		t.Fatal(err)
	}
	if len(p.created)+len(p.removed) > 0 || time.Since(start) > time.Minute {
		t.Errorf("created %q, removed %q, after %v", p.created, p.removed, time.Since(start))
	}
	rows := map[string]string{}
	for _, row := range r.Checks {
		rows[row.Check] = string(row.Verdict) + ": " + row.Detail
	}
	for name, want := range map[string]string{
		"dns-pods":        "good: asked by port-forward, without pods and over TCP only: 1 of 1 good",
		"proxy-health":    "unknown: asked through the API server, without pods: 1 of 1 good; unknown: node-1 (may not; ",
		"dns-service":     "unknown: no image",
		"service-network": "unknown: no image",
	} {
		if !strings.HasPrefix(rows[name], want) {
			t.Errorf("%s is %q, not %q", name, rows[name], want)
		}
	}
}

// A port on which something answers for an address that should be nobody's is told from one that is silent.
func TestIntercepted(t *testing.T) {
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	taken, silent := proxy.Addr().(*net.TCPAddr).Port, closed.Addr().(*net.TCPAddr).Port
	got := fitout.Intercepted(t.Context(), "127.0.0.1", []int{silent, taken, taken, silent})
	want := fmt.Sprintf("something on the way from here answers on port %d for every address, even for 127.0.0.1, which is nobody's", taken)
	if len(got) != 1 || got[taken] != want {
		t.Errorf("intercepted: %v", got)
	}
}
