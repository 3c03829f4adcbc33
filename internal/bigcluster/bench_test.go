package bigcluster_test

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/bigcluster"
	"github.com/fitout-dev/fitout/internal/cputime"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/client-go/rest"
)

// file says what the address of the test's own server cannot be.
var file = clusterfile.File{Cluster: clusterfile.Cluster{Network: clusterfile.Network{APIEndpoint: "https://192.0.2.10:6443"}}}

var sizes = []int{100, 1000, 5000}

func catalogue(tb testing.TB) *bundle.Catalogue {
	tb.Helper()
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// serve serves a cluster that is fitted out with the default addons of 1.36 on Scaleway: one pod of four DaemonSets on each node.
func serve(tb testing.TB, c *bundle.Catalogue, nodes int) *bigcluster.Server {
	tb.Helper()
	facts := clusterfile.Facts{KubernetesVersion: bigcluster.Version, Server: "http://127.0.0.1", Nodes: []clusterfile.NodeFact{{Name: "node", ProviderID: "scaleway://instance/fr-par-1/node"}}}
	plan, err := fitout.Prepare(c, file, &facts, nil)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := bigcluster.Serve(plan, nodes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// checked is what fitout check --probe=never does, from the first request to the printed report.
func checked(ctx context.Context, c *bundle.Catalogue, server string) (*report.Report, error) {
	client, err := cluster.New(ctx, &rest.Config{Host: server}, cluster.Options{})
	if err != nil {
		return nil, err
	}
	facts, err := client.Facts(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := fitout.Prepare(c, file, &facts, nil)
	if err != nil {
		return nil, err
	}
	r, err := fitout.Check(ctx, client, plan, fitout.CheckOptions{Timing: fitout.Timing{Timeout: 10 * time.Minute}}, fitout.Silent{})
	if err != nil {
		return nil, err
	}
	return r, report.Table(io.Discard, r)
}

// BenchmarkCheck is the whole of fitout check without probes. Its CPU time includes that of the server, which copies bytes.
func BenchmarkCheck(b *testing.B) {
	c := catalogue(b)
	for _, nodes := range sizes {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			s := serve(b, c, nodes)
			defer debug.SetGCPercent(debug.SetGCPercent(400)) // both as the command has it
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(160 << 20))
			debug.FreeOSMemory()
			peak := watch(b)
			cputime.Report(b, cputime.Self)
			for b.Loop() {
				r, err := checked(b.Context(), c, s.URL)
				if err != nil || r.Verdict != check.Good {
					b.Fatal(err, r.Outcome())
				}
			}
			b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
			b.ReportMetric(float64(s.Sent.Load())/float64(b.N)/(1<<20), "read-MiB/op")
		})
	}
}

// watch looks how much memory Go holds, every millisecond, until peak is called.
func watch(b *testing.B) (peak func() uint64) {
	done := make(chan struct{})
	var most uint64
	var wg sync.WaitGroup
	wg.Go(func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for tick := time.NewTicker(time.Millisecond); ; {
			metrics.Read(samples)
			most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	stop := sync.OnceFunc(func() { close(done); wg.Wait() })
	b.Cleanup(stop)
	return func() uint64 { stop(); return most }
}

// A cluster is checked by what the server says of it, to the last row.
func TestCheck(t *testing.T) {
	c := catalogue(t)
	s := serve(t, c, 3)
	r, err := checked(t.Context(), c, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != check.Good || len(r.Checks) < 20 || slices.ContainsFunc(r.Checks, func(row check.Row) bool { return row.Verdict != check.Good }) {
		var text strings.Builder
		report.Table(&text, r) //nolint:errcheck // a builder takes everything
		t.Error(text.String())
	}
}
