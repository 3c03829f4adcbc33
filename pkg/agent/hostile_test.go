package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fitout-dev/fitout/pkg/agent"
	corev1 "k8s.io/api/core/v1"
)

// Two answers of agents that ran: beside kube-proxy, and in its place.
func TestCiliumSeen(t *testing.T) {
	for _, name := range []string{"seen-1.20.2", "seen-1.20.2-kpr"} {
		s := readCilium(readFile(t, "testdata/cilium/"+name+".json"))
		if !s.Well() || !strings.HasSuffix(s.Summary, " IPv4 addresses in use, 13 controllers") || !strings.Contains(s.Text, "Cilium:") {
			t.Errorf("%s:\n%s%s", name, verdict(s), s.Text)
		}
	}
}

// What is nested too deep, too long, or wrong in too many places is refused as a whole. The nested one took 38 s to read.
func TestCiliumHostile(t *testing.T) {
	nested := func(levels int) string {
		return `{"cilium":` + strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels+1)
	}
	for text, want := range map[string]string{
		nested(4096): "unread: the status, which is nested more than 32 levels deep\n",
		`{"cilium":` + strings.Repeat("[", 24<<10):                                              "unread: the status, which is nested more than 32 levels deep\n",
		`{"cilium":{"state":"Ok","msg":"` + strings.Repeat("x", 1<<20) + `"}}`:                  "unread: the status, which has more than 1024 KiB\n",
		`{"cilium":{"state":"Ok"},"controllers":[` + strings.Repeat("1,", 200_000) + `2]}`:      "unread: the status, of which more than 1000 fields are not understood\n",
		`{"cilium":{"state":"Ok","msg":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}}`: "",
	} {
		if got := verdict(readCilium(text)); got != want {
			t.Errorf("%.60s: %.300q", text, got)
		}
	}
}

// Whatever an agent says, little is told of it.
func TestBounds(t *testing.T) {
	long := strings.Repeat("ü", 1<<20)
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, "-> 192.0.2.1:6783 retrying %d\n", i)
	}
	var peers []string
	for i := range 5000 {
		peers = append(peers, fmt.Sprintf("node-%d", i))
	}
	node := corev1.Node{}
	node.Annotations = map[string]string{"flannel.alpha.coreos.com/backend-data": long, "projectcalico.org/IPv4Address": long}
	for _, format := range []string{"calico", "cilium", "flannel", "weave"} {
		for _, text := range []string{long, lines.String(), `{"cilium":{"state":"Failure","msg":"` + long[:900_000] + `"}}`} {
			for exit := range 2 {
				s := agent.Read(format, agent.Subject{Node: node, Peers: peers}, []agent.Output{{Text: text, Errors: text, Exit: exit}, {Text: text}})
				checkBounds(t, s)
			}
		}
	}
}

func checkBounds(t *testing.T, s agent.Status) {
	t.Helper()
	texts := []string{s.Summary}
	for _, f := range s.Faults {
		texts = append(texts, f.Text)
	}
	texts = append(texts, s.Unread...)
	for _, text := range texts {
		if len(text) > 1<<10+3 {
			t.Errorf("%d bytes: %.80s", len(text), text)
		}
	}
	if len(s.Text) > 64<<10+3 || len(s.Faults) > 101 || len(s.Unread) > 101 {
		t.Errorf("%d bytes of text, %d faults, %d unread", len(s.Text), len(s.Faults), len(s.Unread))
	}
	if !utf8.ValidString(strings.Join(texts, "")) && utf8.ValidString(s.Text) {
		t.Error("cut within a character")
	}
}
