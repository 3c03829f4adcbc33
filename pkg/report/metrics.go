package report

import (
	"fmt"
	"io"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Metrics writes a report in Prometheus' text format, with the time of the check. A verdict is a label of a metric whose value is 1; there are
// as many as rows of the table, so that no series comes and goes but with its verdict.
func Metrics(w io.Writer, r *Report, at time.Time) error {
	m := metrics{cluster: pair("cluster", r.Cluster)}
	m.add("fitout_info", "What the cluster is fitted out with.", 1, pair("kubernetes", r.Kubernetes), pair("bundle", r.Bundle), pair("digest", r.Digest))
	m.add("fitout_verdict", "Verdict of the last check of the cluster.", 1, pair("verdict", string(r.Verdict)))
	m.add("fitout_last_check_timestamp_seconds", "When the cluster was checked last.", float64(at.Unix()))
	if r.Verdict == check.Good {
		m.add("fitout_last_good_timestamp_seconds", "When the cluster was checked last, if everything was good.", float64(at.Unix()))
	}
	for _, row := range r.Checks {
		m.add("fitout_check", "Verdict of a check of an addon.", 1, pair("addon", row.Addon), pair("check", row.Check), pair("verdict", string(row.Verdict)))
	}
	counts := map[check.Verdict]int{}
	for _, row := range r.Checks {
		counts[row.Verdict]++
	}
	for _, v := range []check.Verdict{check.Good, check.Skipped, check.Unknown, check.Pending, check.Degraded, check.Failed} {
		m.add("fitout_checks", "Number of checks by their verdict.", float64(counts[v]), pair("verdict", string(v)))
	}
	for _, f := range m.families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	return nil
}

// metrics are families of gauges, in the order in which they were added.
type metrics struct {
	cluster  *dto.LabelPair
	families []*dto.MetricFamily
}

func (m *metrics) add(name, help string, value float64, labels ...*dto.LabelPair) {
	if n := len(m.families); n == 0 || m.families[n-1].GetName() != name {
		kind := dto.MetricType_GAUGE
		m.families = append(m.families, &dto.MetricFamily{Name: &name, Help: &help, Type: &kind})
	}
	family := m.families[len(m.families)-1]
	family.Metric = append(family.Metric, &dto.Metric{Label: append([]*dto.LabelPair{m.cluster}, labels...), Gauge: &dto.Gauge{Value: &value}})
}

func pair(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }
