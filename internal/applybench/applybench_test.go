package main

import (
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// What is applied is valid, of all kinds alike, and no object is there twice.
func TestManifests(t *testing.T) {
	objects, err := manifest.Parse("test", []byte(manifests(100)))
	if err != nil {
		t.Fatal(err)
	}
	api, err := kubeapi.Load(minor)
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Validate(objects, nil); err != nil {
		t.Error(err)
	}
	kinds, ids := map[string]int{}, map[manifest.ID]bool{}
	for _, o := range objects {
		kinds[o.GetKind()]++
		ids[manifest.IDOf(o)] = true
		if o.GetLabels()[label] == "" {
			t.Errorf("%s would not be taken away: it lacks the label %s", manifest.IDOf(o), label)
		}
	}
	for kind, n := range kinds {
		if n != 20 {
			t.Errorf("%d of kind %s, not 20", n, kind)
		}
	}
	if len(ids) != 100 {
		t.Errorf("%d objects, not 100", len(ids))
	}
}

func TestVerbOf(t *testing.T) {
	for request, want := range map[string]string{
		"GET /version":                                       "discovery",
		"GET /apis":                                          "discovery",
		"GET /apis/apps/v1":                                  "discovery",
		"GET /openapi/v3/api/v1":                             "discovery",
		"GET /api/v1/nodes":                                  "list",
		"GET /api/v1/nodes?watch=true":                       "watch",
		"GET /api/v1/namespaces/bench":                       "get",
		"GET /api/v1/namespaces/bench/services":              "list",
		"GET /api/v1/namespaces/bench/services/a":            "get",
		"PATCH /apis/apps/v1/namespaces/bench/deployments/a": "patch",
		"POST /api/v1/namespaces/bench/secrets":              "post",
	} {
		method, target, _ := strings.Cut(request, " ")
		if got := verbOf(httptest.NewRequest(method, target, nil)); got != want {
			t.Errorf("%s is counted as %s, not %s", request, got, want)
		}
	}
}

// A round trip takes as long as it should, and everything arrives, in order.
func TestSlow(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const roundTrip = 60 * time.Millisecond
	slowed := slowListener{listener, roundTrip}
	defer slowed.Close()
	go func() {
		c, err := slowed.Accept()
		if err == nil {
			io.Copy(c, c)
			c.Close()
		}
	}()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := strings.Repeat("0123456789", 20_000)
	start := time.Now()
	go io.WriteString(c, sent)
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < roundTrip {
		t.Errorf("the first byte was back after %v", took)
	}
	rest := make([]byte, len(sent)-1)
	if _, err := io.ReadFull(c, rest); err != nil {
		t.Fatal(err)
	}
	if string(first)+string(rest) != sent {
		t.Error("what came back is not what was sent")
	}
}

func TestChanged(t *testing.T) {
	before := map[string]string{"same": "1", "changed": "2", "gone": "3"}
	after := map[string]string{"same": "1", "changed": "4", "new": "5"}
	if n := changed(before, after); n != 3 {
		t.Errorf("%d objects changed, not 3", n)
	}
}

func TestWrite(t *testing.T) {
	samples := func(requests int, seconds ...float64) []sample {
		var all []sample
		for _, s := range seconds {
			wall := time.Duration(s * float64(time.Second))
			all = append(all, sample{wall: wall, cpu: wall / 2, requests: map[string]int{"patch": requests, "list": 1}, peak: 50 << 20})
		}
		return all
	}
	second := samples(2, 1, 1, 1)
	second[2].changed, second[2].peak = 1, 60<<20
	var out strings.Builder
	err := write(&out, []*result{
		{objects: 5, tool: "floor", first: samples(5, 2, 9, 1), second: second},
		{objects: 5, tool: "helm", first: samples(9, 3, 3, 3), second: second},
	})
	want := `| objects, round trip | | requests | first run | to the floor | its CPU time | again: requests | again | objects changed | peak memory |
|---|---|---|---|---|---|---|---|---|---|
| 5, 0s | floor | 6 | 2.00 s (1.00) | 1.00 | 1.00 s | 3 | 1.00 s (1.00) | 0 | 50 MB |
| 5, 0s | helm | 10 | 3.00 s (3.00) | 1.50 | 1.50 s | 3 | 1.00 s (1.00) | 0 | 50 MB |

requests by verb, first run / again:
5, 0s, floor: 1 list, 5 patch / 1 list, 2 patch
5, 0s, helm: 1 list, 9 patch / 1 list, 2 patch
`
	if err != nil || out.String() != want {
		t.Errorf("error %v, got\n%s", err, out.String())
	}
}

func TestParse(t *testing.T) {
	if o, err := parse([]string{"-objects", "10,20", "-delays", "0,5ms"}); err != nil || len(o.sizes) != 2 || o.delays[1] != 5*time.Millisecond {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{"-objects", "many"}, {"-objects", "0"}, {"-delays", "long"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
