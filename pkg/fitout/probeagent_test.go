package fitout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// agentStatus probes the agents of a cluster, without probe pods, and returns their row and what they were asked.
func agentStatus(t *testing.T, minor, cni string, answer func(node, says string) (agent.Output, error)) (row check.Row, asked []string) {
	t.Helper()
	var mu sync.Mutex
	p := &prober{agents: func(node, says string) (agent.Output, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, node+" "+says)
		return answer(node, says)
	}}
	r := &report.Report{}
	options := fitout.ProbeOptions{Run: "r", Absent: "no pods", Select: fitout.Selection{Only: []string{"agent-status"}}}
	if err := fitout.Probe(t.Context(), p, prepare(t, catalogue(t), minor, cni, "none"), options, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Checks) != 1 || len(p.created) > 0 {
		t.Fatalf("rows %+v, created %q", r.Checks, p.created)
	}
	slices.Sort(asked)
	return r.Checks[0], asked
}

// lacks is how a container answers that has no program of a name: containerd 2 and runc 1.3, as the API server passes it on.
func lacks(program string) error {
	return fmt.Errorf(`Internal error occurred: error executing command in container: failed to exec in container: OCI runtime exec failed: exec failed: unable to start container process: exec: %q: executable file not found in $PATH`, program)
}

// Agents are asked in the containers of the catalogue's own charts, with the commands that these have.
func TestAgentsAreAsked(t *testing.T) {
	ciliumWell := agent.Output{Text: `{"cilium": {"state": "Ok"}}`}
	for _, test := range []struct {
		minor, cni string
		answer     func(node, says string) (agent.Output, error)
		want       []string // asked of node-0
		good       bool
	}{
		{"1.36", "cilium", func(string, string) (agent.Output, error) { return ciliumWell, nil }, []string{"cilium-agent: cilium-dbg status -o json"}, true},
		{"1.18", "cilium", func(_, says string) (agent.Output, error) {
			if strings.Contains(says, "cilium-dbg") {
				return agent.Output{}, lacks("cilium-dbg")
			}
			return ciliumWell, nil
		}, []string{"cilium-agent: cilium status -o json", "cilium-agent: cilium-dbg status -o json"}, true},
		{"1.36", "calico", func(string, string) (agent.Output, error) { return agent.Output{}, nil },
			[]string{"calico-node: /bin/calico-node -felix-live", "calico-node: /bin/calico-node -felix-ready"}, false}, // an address that no node has
		{"1.18", "calico", func(string, string) (agent.Output, error) { return agent.Output{}, nil },
			[]string{"calico-node: /bin/calico-node -felix-live -bird-live", "calico-node: /bin/calico-node -felix-ready -bird-ready"}, false}, // IPIP
		{"1.36", "flannel", func(string, string) (agent.Output, error) { return agent.Output{}, nil },
			[]string{"kube-flannel: cat /run/flannel/subnet.env", "kube-flannel: cat /sys/class/net/flannel.1/address"}, false},
		{"1.18", "flannel", func(string, string) (agent.Output, error) { return agent.Output{}, nil },
			[]string{"kube-flannel: cat /run/flannel/subnet.env", "kube-flannel: cat /sys/class/net/flannel.1/address"}, false},
		{"1.18", "weave", func(string, string) (agent.Output, error) { return agent.Output{}, nil },
			[]string{"weave: /home/weave/weave --local status", "weave: /home/weave/weave --local status connections"}, false},
	} {
		t.Run(test.cni+" "+test.minor, func(t *testing.T) {
			row, asked := agentStatus(t, test.minor, test.cni, test.answer)
			var want []string
			for _, node := range []string{"node-0", "node-1"} {
				for _, w := range test.want {
					want = append(want, node+" "+w)
				}
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
			if good := row.Verdict == check.Good; good != test.good || len(row.Nodes) != 2 {
				t.Errorf("%+v", row)
			}
		})
	}
}

// What keeps an agent from being asked is not held against it; that it does not answer is.
func TestAgentsThatDoNotAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		out  agent.Output
		want string
	}{
		"forbidden":    {err: errors.New(`pods "a" is forbidden: may not`), want: `unknown: 1 of 2 agents are well; unknown: node-1 pods "a" is forbidden: may not`},
		"no program":   {err: lacks("cilium"), want: "unknown: 1 of 2 agents are well; unknown: node-1 Internal error occurred"},
		"no program 2": {out: agent.Output{Exit: 127, Errors: `exec: "cilium": executable file not found in $PATH`}, want: "unknown: 1 of 2 agents are well; unknown: node-1 container cilium-agent of pod cilium-node-1 has no program cilium-dbg"},
		"hangs":        {err: fmt.Errorf("run: %w", context.DeadlineExceeded), want: "degraded: 1 of 2 agents are well; node-1 does not answer: cilium-dbg status -o json in pod cilium-node-1 has not ended within 30s"},
		"not running":  {out: agent.Output{Exit: 1, Errors: "Is the agent running?"}, want: "degraded: 1 of 2 agents are well; node-1 says: the agent does not answer: exit code 1: Is the agent running?"},
	} {
		row, _ := agentStatus(t, "1.36", "cilium", func(node, _ string) (agent.Output, error) {
			if node == "node-0" {
				return agent.Output{Text: `{"cilium": {"state": "Ok"}}`}, nil
			}
			return test.out, test.err
		})
		if got := string(row.Verdict) + ": " + row.Detail; !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
