package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// What is written, Prometheus reads; texts that others wrote stay inside their label.
func TestMetrics(t *testing.T) {
	r := &report.Report{Cluster: "eu-1\"} 1\nfitout_verdict{", Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01", Verdict: check.Degraded,
		Checks: []check.Row{{Addon: "coredns", Check: "ready", Verdict: check.Good}, {Addon: "coredns", Check: "dns", Verdict: check.Failed}}}
	var out bytes.Buffer
	if err := report.Metrics(&out, r, time.Unix(1700000000, 0)); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if n := len(families["fitout_check"].GetMetric()); n != 2 || families["fitout_last_check_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue() != 1700000000 {
		t.Errorf("%d checks\n%s", n, &out)
	}
	if families["fitout_last_good_timestamp_seconds"] != nil {
		t.Error("a degraded cluster is told to be good")
	}
	for _, m := range families["fitout_verdict"].GetMetric() {
		if m.GetLabel()[0].GetValue() != r.Cluster || len(families["fitout_verdict"].GetMetric()) != 1 {
			t.Errorf("%s", &out)
		}
	}
	if !strings.Contains(out.String(), `fitout_checks{cluster="eu-1\"} 1\nfitout_verdict{",verdict="failed"} 1`) {
		t.Errorf("%s", &out)
	}
	r.Verdict = check.Good
	out.Reset()
	if err := report.Metrics(&out, r, time.Unix(1700000000, 0)); err != nil || !strings.Contains(out.String(), "fitout_last_good_timestamp_seconds") {
		t.Errorf("%v\n%s", err, &out)
	}
}
