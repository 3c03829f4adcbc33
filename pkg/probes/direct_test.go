package probes_test

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probes"
)

// Where no pod runs, nothing is asked again and again, and every probe is told with the reason.
func TestPathsWithoutPods(t *testing.T) {
	list, s := judgetest.ProbeCase{Absent: "no image"}.Survey(t)
	trials := probes.Plan(list, s)
	paths, without := trials.Paths()
	if len(paths) > 0 || len(trials.Tasks()) > 0 || len(trials.DirectQueries()) == 0 {
		t.Errorf("%d paths, %d pods, %d calls", len(paths), len(trials.Tasks()), len(trials.DirectQueries()))
	}
	for _, name := range []string{"ingress-ports", "dns-service", "service-network"} {
		i := slices.IndexFunc(without, func(r check.Row) bool { return r.Check == name })
		if i < 0 || without[i].Verdict != check.Unknown || without[i].Detail != "no image" {
			t.Errorf("%s is not among %+v", name, without)
		}
	}
}

// A call is one question to a place that can be told from others, and a kubelet is asked without its name being told.
func TestDirectQueries(t *testing.T) {
	list, s := judgetest.ProbeCase{Absent: "no image"}.Survey(t)
	ids := map[string]bool{}
	for _, call := range probes.Plan(list, s).DirectQueries() {
		if ids[call.ID] || call.Node == "" || call.Timeout.Duration == 0 {
			t.Errorf("%+v", call)
		}
		ids[call.ID] = true
		if call.Port == 10250 && (call.Name != "" || call.Transport != probes.Directly) {
			t.Errorf("the witness is told what to answer: %+v", call)
		}
		if call.Transport == probes.ByForward && (call.Pod != "dns-a" || call.Namespace != "kube-system" || call.Network != "tcp" || call.Port != 53) {
			t.Errorf("%+v", call)
		}
	}
	if len(ids) != 1+2*(1+2)+2*3 { // a DNS pod; two kube-proxies in two ways, with a witness; two ports of two nodes, with a witness
		t.Errorf("%d calls", len(ids))
	}
}
