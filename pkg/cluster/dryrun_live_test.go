package cluster_test

import (
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// A dry run foresees what a run does and changes nothing, with server-side apply and without: servers since 1.13 take
// dryRun for creations, patches of each type and updates. (Tried on 1.15 to 1.18: the answers are those of the real
// request, but for what is handed out once: a created Service has no clusterIP, and of webhooks only those are called that
// say they have no side effects; others fail the request. What is created in a namespace or of a kind that the same run
// creates has none yet.)
func TestDryRun(t *testing.T) {
	t.Parallel()
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			b := bedtest.Start(t, bed.Options{Minor: minor})
			f := fixture{T: t, config: restConfig(t, b), wanted: parse(t, objects)}
			f.kinds = manifest.KindsOf(f.wanted)
			f.client = f.connect(cluster.Options{})

			f.dryRun = true
			f.expect("nothing is there", report.Created, report.Created, report.Created, report.Created)
			f.expect("still nothing is there", report.Created, report.Created, report.Created, report.Created)
			f.dryRun = false
			f.expect("created", report.Created, report.Created, report.Created, report.Created)
			for range 100 { // the controller's own annotation comes a moment later
				if f.observe()[0].GetAnnotations()["deployment.kubernetes.io/revision"] != "" {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			f.dryRun = true
			f.expect("all is there", report.Unchanged, report.Unchanged, report.Unchanged, report.Unchanged)

			f.dryRun = false
			before := specs(f.observe())
			set(f.T, f.wanted[0], int64(1), "spec", "replicas")
			set(f.T, f.wanted[1], map[string]any{"one": "2"}, "data")
			set(f.T, f.wanted[2], int64(7), "spec", "versions", "0", "schema", "openAPIV3Schema", "properties", "size", "minimum")
			set(f.T, f.wanted[3], int64(300), "spec", "versionPriority")
			f.dryRun = true
			f.expect("changed", report.Configured, report.Configured, report.Configured, report.Configured)
			f.dryRun = false
			if diff := cmp.Diff(before, specs(f.observe())); diff != "" {
				t.Errorf("the dry run changed something: %s", diff)
			}
			f.expect("changed", report.Configured, report.Configured, report.Configured, report.Configured)
		})
	}
}

// specs are the parts of objects that no controller writes.
func specs(objects []*manifest.Object) []any {
	var all []any
	for _, o := range objects {
		all = append(all, o.Object["spec"], o.Object["data"])
	}
	return all
}
