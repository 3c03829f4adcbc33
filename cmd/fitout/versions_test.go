package main

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

var applyAll = flag.Bool("apply-all", false, "live tests also apply every combination for real, twice, and check it")

// appliesCombinations applies every combination to a control plane with simulated nodes, checks it, applies it again, which
// must change nothing, and takes it away.
func appliesCombinations(t *testing.T, b *bed.Bed) {
	catalogue, err := (&catalogueFlag{}).load()
	if err != nil {
		t.Fatal(err)
	}
	config := restConfigOf(b)
	client, err := cluster.New(t.Context(), config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := client.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	facts.DNSService = "" // of what the scripts before left
	for i, c := range combination.Of(catalogue, b.Minor()) {
		t.Run(c.Name(), func(t *testing.T) {
			plan, err := fitout.Prepare(catalogue, c.File, &facts, nil)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				wipe(t, config, client, plan) // what the scripts before left is the first combination
			}
			defer wipe(t, config, client, plan)
			if r := up(t, client, plan); r.Counts()[report.Created] == 0 {
				t.Error("the first run created nothing")
			}
			again := up(t, client, plan)
			if n := again.Counts(); n[report.Created]+n[report.Configured] != 0 {
				t.Errorf("the second run changed something: %v", again.Outcome())
			}
		})
	}
}

// up fits out the cluster and wants every row good, or skipped because nodes are simulated.
func up(t *testing.T, client *cluster.Client, plan *fitout.Plan) *report.Report {
	t.Helper()
	options := fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{
		Timing:      fitout.Timing{Timeout: 2 * time.Minute, Poll: 200 * time.Millisecond, Settle: 30 * time.Second},
		LockTimeout: time.Minute, Version: "test",
	}}
	r, err := fitout.Up(t.Context(), client, plan, options, fitout.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Checks {
		if row.Verdict != check.Good && row.Verdict != check.Skipped {
			t.Errorf("%s %s: %s: %s", row.Addon, row.Check, row.Verdict, row.Detail)
		}
	}
	return r
}

// wipe deletes what a plan applied, but for namespaces and definitions, and waits until it and its pods are gone.
func wipe(t *testing.T, config *rest.Config, client *cluster.Client, plan *fitout.Plan) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	raw, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	var gone []*manifest.Object
	background := metav1.DeletePropagationBackground
	for _, w := range plan.Waves {
		if w.Name == "namespaces" || w.Name == "definitions" {
			continue
		}
		for _, o := range w.Objects {
			gvr, _, err := plan.Kinds.Of(o)
			if err != nil {
				t.Fatal(err)
			}
			err = raw.Resource(gvr).Namespace(o.GetNamespace()).Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Fatal(err)
			}
			gone = append(gone, o)
		}
	}
	for range 300 {
		s, err := client.Observe(ctx, plan.Kinds, gone)
		if err == nil && len(s.Objects) == 0 && len(s.Pods) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("what was deleted is still there after 30 s")
}
