// Package reliability holds the tests of what one invocation comes to when things fail around it: a proxy before a real
// API server breaks requests, components of the control plane are stopped, and the command itself is killed. The table in
// docs/reliability.md is what they print.
package reliability

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/internal/faultproxy"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// hundred is how many objects the bundle under testdata has.
const hundred = 100

// all makes the tests sweep every request index and kill the command 200 times; otherwise they take a sample.
var all = os.Getenv("FITOUT_RELIABILITY") == "all"

// A site is a control plane with a proxy before it, on which one invocation after the other starts from nothing.
type site struct {
	testing.TB
	bed       *bed.Bed
	direct    *rest.Config // past the proxy
	dynamic   dynamic.Interface
	proxy     *faultproxy.Proxy
	catalogue *bundle.Catalogue
	runs      int

	oldToken, newToken string
	served             []schema.GroupVersionResource // once known
}

func newSite(t *testing.T, minor string) *site {
	b := bedtest.Start(t, bed.Options{Minor: minor, Nodes: 1})
	direct, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	direct.QPS, direct.WarningHandler = -1, rest.NoWarnings{}
	s := &site{TB: t, bed: b, direct: direct}
	if s.dynamic, err = dynamic.NewForConfig(direct); err != nil {
		t.Fatal(err)
	}
	if s.catalogue, err = bundle.Load(os.DirFS("testdata/addons"), os.DirFS("testdata/bundles")); err != nil {
		t.Fatal(err)
	}
	if s.proxy, err = faultproxy.Start(direct, faultproxy.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.proxy.Close)
	return s
}

// An outcome is what one invocation came to.
type outcome struct {
	exit     int
	err      error
	present  int // of the hundred
	created  int // as the report says
	requests int
	hits     int // requests that a fault hit
	took     time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("exit %d, %d of %d objects, %d created, %d requests, %d hit, %.1f s, error: %v", o.exit, o.present, hundred, o.created, o.requests, o.hits, o.took.Seconds(), o.err)
}

// invoke does what `fitout up` does, from nothing, and counts what is there afterwards.
func (s *site) invoke(config *rest.Config, timing fitout.Timing) outcome {
	begin := time.Now()
	plan, r, err := s.up(config, timing)
	out := outcome{exit: exitCode(r, err), err: err, requests: s.proxy.Total(), hits: s.proxy.Hits(), took: time.Since(begin)}
	if r != nil {
		out.created = r.Counts()[report.Created]
	}
	s.proxy.Plan()
	if plan != nil {
		out.present = s.present(plan)
	}
	return out
}

// namespace is that of the current run: each has its own, so that none waits for the last one's to go.
func (s *site) namespace() string { return fmt.Sprintf("hundred-%d", s.runs) }

func (s *site) up(config *rest.Config, timing fitout.Timing) (*fitout.Plan, *report.Report, error) {
	ctx, cancel := context.WithTimeout(s.Context(), timing.Timeout)
	defer cancel()
	client, err := cluster.New(ctx, config, cluster.Options{})
	if err != nil {
		return nil, nil, err
	}
	facts, err := client.Facts(ctx)
	if err != nil {
		return nil, nil, err
	}
	text := fmt.Sprintf("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\naddons: {hundred: {values: {namespace: %s}}}\n", s.namespace())
	file, err := clusterfile.Read("test", strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	plan, err := fitout.Prepare(s.catalogue, file, &facts, nil)
	if err != nil {
		return nil, nil, err
	}
	r, err := fitout.Up(s.Context(), client, plan, fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{Timing: timing, LockTimeout: time.Minute, Version: "test"}}, fitout.Silent{})
	return plan, r, err
}

// exitCode is that of the command, which maps errors to codes in the same way.
func exitCode(r *report.Report, err error) int {
	var conflict *cluster.ConflictError
	switch {
	case errors.As(err, &conflict):
		return report.ExitRefused
	case err != nil:
		return report.ExitFailed
	}
	return r.ExitCode()
}

// present counts the objects of the bundle that are there to stay.
func (s *site) present(plan *fitout.Plan) int {
	s.Helper()
	client, err := cluster.New(s.Context(), s.direct, cluster.Options{})
	if err != nil {
		s.Fatal(err)
	}
	objects := plan.Rendering.Objects()
	if len(objects) != hundred {
		s.Fatalf("the bundle has %d objects, not %d", len(objects), hundred)
	}
	snapshot, err := client.Observe(s.Context(), plan.Kinds, objects)
	if err != nil {
		s.Fatal(err)
	}
	n := 0
	for _, o := range snapshot.Objects {
		if o.GetDeletionTimestamp() == nil {
			n++
		}
	}
	return n
}
