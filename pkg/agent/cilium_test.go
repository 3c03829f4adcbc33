package agent_test

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"
)

func readCilium(text string) agent.Status {
	return agent.Read("cilium", agent.Subject{}, []agent.Output{{Text: text}})
}

// releases are those whose statuses are in testdata/cilium.
var releases = []string{"1.7.0", "1.9.18", "1.12.19", "1.13.18", "1.14.19", "1.15.19", "1.16.19", "1.18.6", "1.19.1", "1.20.2"}

// The status of each release is understood to the last field, well and broken.
func TestCiliumReleases(t *testing.T) {
	for _, release := range releases {
		well := readCilium(readFile(t, "testdata/cilium/"+release+".json"))
		if diff := cmp.Diff("summary: Cilium "+release+", 3/254 IPv4 addresses in use, 2 controllers\n", verdict(well)); diff != "" {
			t.Errorf("%s: %s", release, diff)
		}
		for _, line := range []string{"KVStore: Disabled", "Kubernetes: Ok 1.36 (v1.36.4) [linux/amd64]", "Cilium: Ok " + release, "Controller Status: 2/2 healthy", "IPAM: IPv4: 3/254"} {
			if !strings.Contains(strings.Join(strings.Fields(well.Text), " "), line) {
				t.Errorf("%s: the text has no %q:\n%s", release, line, well.Text)
			}
		}
		broken := readCilium(readFile(t, "testdata/cilium/"+release+"-broken.json"))
		want := `summary: Cilium ` + release + `, 254/254 IPv4 addresses in use, 1 controllers
severe: Cilium: Failure ` + release + ` Kubernetes service is not ready: Get "https://10.32.0.1:443/version": dial tcp 10.32.0.1:443: i/o timeout
severe: Kubernetes: Failure Get "https://10.32.0.1:443/version": dial tcp 10.32.0.1:443: i/o timeout
fault: Cilium health daemon: Warning Unable to reach the health endpoint
fault: controller sync-to-k8s-ciliumendpoint (1041) has failed 7 times in a row: the server was unable to return a response in the time allotted
fault: all 254 IPv4 addresses for pods of the node are in use
fault: its status of kubernetes is stale since 2026-11-05T11:58:00.000Z
`
		if diff := cmp.Diff(want, verdict(broken)); diff != "" {
			t.Errorf("%s, broken: %s", release, diff)
		}
		if !strings.Contains(broken.Text, "Stale status:") || !strings.Contains(broken.Text, "0/1 healthy") {
			t.Errorf("%s, broken:\n%s", release, broken.Text)
		}
	}
	files, err := filepath.Glob("testdata/cilium/1.*.json")
	if err != nil || len(files) != 2*len(releases) {
		t.Errorf("%d files for %d releases (%v)", len(files), len(releases), err)
	}
}

// ciliumChange is a merge patch of a status, and what is to be said of it beyond the summary.
type ciliumChange struct {
	Patch json.RawMessage `json:"patch"`
	Want  []string        `json:"want"`
}

// What is wrong in one part of a status, or not understood there, is told of that part alone.
func TestCiliumParts(t *testing.T) {
	var cases map[string]ciliumChange
	if err := yaml.UnmarshalStrict([]byte(readFile(t, "testdata/cilium/parts.yaml")), &cases); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		for _, release := range []string{"1.7.0", "1.20.2"} {
			text, err := jsonpatch.MergePatch([]byte(readFile(t, "testdata/cilium/"+release+".json")), cases[name].Patch)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(verdict(readCilium(string(text)))) {
				if !strings.HasPrefix(line, "summary: ") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff(cases[name].Want, got); diff != "" {
				t.Errorf("%s, %s: %s", name, release, diff)
			}
		}
	}
}

func TestCiliumNoStatus(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "unread: the status, which is no JSON object (EOF)\n",
		"null":                 "unread: the status, which is no JSON object (null)\n",
		"[1]":                  "unread: the status, which is no JSON object (json: cannot unmarshal array into Go value of type map[string]interface {})\n",
		"{}":                   "unread: cilium.state, which is missing\n",
		`{"cilium":"Ok"}`:      "unread: cilium\nunread: cilium.state, which is missing\n",
		`{"cilium":{"msg":7}}`: "unread: cilium.msg\nunread: cilium.state, which is missing\n",
	} {
		if diff := cmp.Diff(want, verdict(readCilium(text))); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	silent := agent.Read("cilium", agent.Subject{}, []agent.Output{{Exit: 1, Errors: "Cannot connect to agent: Get \"http://localhost/v1/healthz\": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory\nIs the agent running?\n"}})
	if want := "severe: the agent does not answer: exit code 1: Cannot connect to agent: Get \"http://localhost/v1/healthz\": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory Is the agent running?\n"; verdict(silent) != want {
		t.Errorf("%s", verdict(silent))
	}
}

// Whatever stands in whichever place of a status, it is read and printed without a panic. Where it takes the state of the
// agent away, the agent is not well.
func TestCiliumOfAnyShape(t *testing.T) {
	for _, release := range []string{"1.7.0", "1.20.2"} {
		var status any
		if err := json.Unmarshal([]byte(readFile(t, "testdata/cilium/"+release+"-broken.json")), &status); err != nil {
			t.Fatal(err)
		}
		places := 0
		each(status, func(v any) any { return v }, func() { places++ })
		if places < 50 {
			t.Fatalf("%d places", places)
		}
		for _, strange := range []any{nil, "x", -1.5, true, []any{nil}, []any{[]any{}}, map[string]any{"": nil}} {
			each(status, func(any) any { return strange }, func() {
				text, err := json.Marshal(status)
				if err != nil {
					t.Fatal(err)
				}
				if s := readCilium(string(text)); s.Well() {
					t.Errorf("%s is well", text)
				}
			})
		}
	}
}

// each puts something else in the place of each value in v, one after the other, and calls try.
func each(v any, other func(any) any, try func()) {
	switch v := v.(type) {
	case map[string]any:
		for key, field := range v {
			v[key] = other(field)
			try()
			v[key] = field
			each(field, other, try)
		}
	case []any:
		for i, entry := range v {
			v[i] = other(entry)
			try()
			v[i] = entry
			each(entry, other, try)
		}
	}
}

// agentSocket is a socket on which a server stands in for the agent: it answers like it, from a file.
func agentSocket(t *testing.T, answer string) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v1/healthz" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(answer)) //nolint:errcheck
	})}
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { server.Close() })
	return socket
}

func TestAskCilium(t *testing.T) {
	for _, release := range releases {
		for _, kind := range []string{"", "-broken"} {
			text := readFile(t, "testdata/cilium/"+release+kind+".json")
			s, err := agent.AskCilium(t.Context(), agentSocket(t, text))
			if err != nil {
				t.Fatalf("%s%s: %v", release, kind, err)
			}
			if diff := cmp.Diff(verdict(readCilium(text)), verdict(s)); diff != "" {
				t.Errorf("%s%s: %s", release, kind, diff)
			}
		}
	}
	s, err := agent.AskCilium(t.Context(), agentSocket(t, `{"cilium":{"state":"Ok"},"controllers":[null]}`))
	if err != nil || !s.Well() {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAskCiliumInVain(t *testing.T) {
	hangs := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", hangs) // and nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for socket, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"):    "no such file or directory; run this as root on a node that it runs on",
		agentSocket(t, `{"cilium":`):          "unexpected EOF",
		agentSocket(t, `{"controllers":"x"}`): "cannot unmarshal",
		hangs:                                 "context deadline exceeded",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if _, err := agent.AskCilium(ctx, socket); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
		cancel()
	}
}
