package probe_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// short is long enough for a busy machine.
var short = metav1.Duration{Duration: 3 * time.Second}

// Each kind of task has a case that is good and cases that are broken in its own way.
func TestRun(t *testing.T) {
	names := nameServer(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("host " + r.Host + " path " + r.URL.Path)) //nolint:errcheck
	}))
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(func() { page.Close(); secure.Close() })
	server := serve(t, time.Minute)
	nowhere := closedPort(t)

	tests := map[string]struct {
		task  probe.Task
		ok    bool
		wants string // part of the answer or the error
	}{
		"a name over udp":               {at(names, probe.Task{Kind: probe.DNS, Network: "udp", Name: "known.example"}), true, "10.0.0.1"},
		"a name over tcp":               {at(names, probe.Task{Kind: probe.DNS, Network: "tcp", Name: "known.example."}), true, "10.0.0.1"},
		"an IPv6 address of a name":     {at(names, probe.Task{Kind: probe.DNS, Network: "udp", Name: "known.example", Type: "AAAA"}), true, "fd00::1"},
		"a name that is not there":      {at(names, probe.Task{Kind: probe.DNS, Network: "udp", Name: "unknown.example"}), false, "unknown.example: the server answers NXDOMAIN"},
		"a name without address":        {at(names, probe.Task{Kind: probe.DNS, Network: "tcp", Name: "empty.example"}), false, "without an address"},
		"a record type that is unknown": {at(names, probe.Task{Kind: probe.DNS, Network: "tcp", Name: "known.example", Type: "MX"}), false, `"MX" is not known; use A or AAAA`},
		"no name server over udp":       {at(nowhere, probe.Task{Kind: probe.DNS, Network: "udp", Name: "known.example"}), false, "refused"},
		"no name server over tcp":       {at(nowhere, probe.Task{Kind: probe.DNS, Network: "tcp", Name: "known.example"}), false, "refused"},

		"an open port":                {at(server.page, probe.Task{Kind: probe.TCP}), true, "accepted"},
		"a closed port":               {at(nowhere, probe.Task{Kind: probe.TCP}), false, "refused"},
		"a port that must be closed":  {at(nowhere, probe.Task{Kind: probe.TCP, Closed: true}), true, "refused"},
		"one that is not closed":      {at(server.page, probe.Task{Kind: probe.TCP, Closed: true}), false, "answers, and must not"},
		"a page":                      {at(addressOf(page.URL), probe.Task{Kind: probe.HTTP, Host: "a.example", Path: "/p", Status: 200}), true, "200 OK: host a.example path /p"},
		"a page of another status":    {at(addressOf(page.URL), probe.Task{Kind: probe.HTTP, Status: 404}), false, "answers 200 OK: host"},
		"any status":                  {at(addressOf(secure.URL), probe.Task{Kind: probe.HTTP, Secure: true}), true, "404 Not Found"},
		"a page over TLS that is not": {at(addressOf(page.URL), probe.Task{Kind: probe.HTTP, Secure: true}), false, "first record does not look like a TLS handshake"},
		"TLS":                         {at(addressOf(secure.URL), probe.Task{Kind: probe.TLS}), true, "certificate of O=Acme Co"},
		"no TLS":                      {at(addressOf(page.URL), probe.Task{Kind: probe.TLS}), false, "first record does not look like a TLS handshake"},

		"bytes over tcp":              {at(server.echo, probe.Task{Kind: probe.Echo, Network: "tcp", Size: 200_000}), true, "200000 bytes"},
		"bytes over udp":              {at(server.echo, probe.Task{Kind: probe.Echo, Network: "udp", Size: 1000}), true, "1000 bytes"},
		"bytes that are cut":          {at(cutting(t), probe.Task{Kind: probe.Echo, Network: "tcp", Size: 100_000}), false, "of 100000 bytes came back"},
		"bytes that are lost":         {at(deaf(t), probe.Task{Kind: probe.Echo, Network: "udp", Size: 1000}), false, "a datagram of 1000 bytes does not come back: no answer within 867ms"},
		"a datagram beyond its limit": {at(server.echo, probe.Task{Kind: probe.Echo, Network: "udp", Size: 70_000}), false, "message too long"},

		"a server that never answers": {at(deaf(t), probe.Task{Kind: probe.DNS, Network: "udp", Name: "n"}), false, "no answer within 867ms"},
		"a page that never comes":     {at(silent(t), probe.Task{Kind: probe.HTTP}), false, "no answer within 867ms"},
		"a name server without words": {at(silent(t), probe.Task{Kind: probe.DNS, Network: "tcp", Name: "n"}), false, "no answer within 867ms"},

		"no kind":    {probe.Task{}, false, `there is no kind ""; use dns`},
		"no network": {probe.Task{Kind: probe.Echo}, false, `network is ""; use udp or tcp`},
		"no word":    {probe.Task{Kind: probe.Echo, Network: "udp"}, false, "set FITOUT_PROBE_WORD"},
	}
	var tasks []probe.Task
	for name, test := range tests {
		test.task.ID, test.task.Timeout = name, short
		tasks = append(tasks, test.task)
	}
	for _, r := range probe.Run(t.Context(), tasks) {
		test := tests[r.ID]
		if r.OK != test.ok || !strings.Contains(r.Answer+r.Error, test.wants) || (r.Answer == "") == (r.Error == "") {
			t.Errorf("%s: ok %v, answer %q, error %q; want ok %v with %q", r.ID, r.OK, r.Answer, r.Error, test.ok, test.wants)
		}
	}
}

// A packet as large as the interface takes comes back whole, and the answer says how large that is.
func TestEchoFillsThePacket(t *testing.T) {
	server := serve(t, time.Minute)
	r := probe.Run(t.Context(), []probe.Task{at(server.echo, probe.Task{Kind: probe.Echo, Network: "udp", Timeout: short})})[0]
	if !r.OK || r.Answer != "65507 bytes" { // 64 KiB - 1 less the headers of IP and UDP
		t.Errorf("%+v", r)
	}
}

// Tasks keep their order and run at once: many that hang take the time of one.
func TestRunIsBounded(t *testing.T) {
	address := deaf(t)
	var tasks []probe.Task
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		tasks = append(tasks, at(address, probe.Task{ID: id, Kind: probe.Echo, Network: "udp", Size: 10, Timeout: short}))
	}
	start := time.Now()
	for i, r := range probe.Run(t.Context(), tasks) {
		if r.ID != tasks[i].ID || r.OK || r.Tries < 2 {
			t.Errorf("result %d is %+v", i, r)
		}
	}
	if took := time.Since(start); took > 2*short.Duration {
		t.Errorf("took %v", took)
	}
}

// What is there only after a while is found by a later try.
func TestRunTriesAgain(t *testing.T) {
	address := closedPort(t)
	go func() {
		time.Sleep(300 * time.Millisecond)
		l, err := net.Listen("tcp", address)
		if err == nil {
			t.Cleanup(func() { l.Close() })
		}
	}()
	r := probe.Run(t.Context(), []probe.Task{at(address, probe.Task{Kind: probe.TCP})})[0]
	if !r.OK || r.Tries < 2 || r.Error != "" {
		t.Errorf("%+v", r)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, task := range []probe.Task{{Kind: probe.TCP}, {Kind: probe.TCP, Closed: true}} {
		if r := probe.Run(ctx, []probe.Task{at(silent(t), task)})[0]; r.OK || r.Error == "" {
			t.Errorf("%+v", r)
		}
	}
}

// Tasks and results cross the API server as JSON.
func TestJSON(t *testing.T) {
	task := probe.Task{ID: "a", Kind: probe.DNS, Network: "udp", Address: "10.0.0.10", Port: 53, Name: "n", Timeout: short}
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"id":"a","kind":"dns","network":"udp","address":"10.0.0.10","port":53,"name":"n","timeout":"3s"}`, string(text)); diff != "" {
		t.Error(diff)
	}
	var back probe.Task
	if err := json.Unmarshal(text, &back); err != nil || back != task {
		t.Errorf("%+v, error %v", back, err)
	}
}

func at(address string, task probe.Task) probe.Task {
	to := netip.MustParseAddrPort(address)
	task.Address, task.Port, task.Word = to.Addr().String(), int(to.Port()), word
	return task
}

func addressOf(url string) string { return strings.SplitN(url, "//", 2)[1] }
