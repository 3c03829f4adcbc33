package check_test

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/google/go-cmp/cmp"
)

// Where all is well, every row is good.
func TestJudgeWell(t *testing.T) {
	want := []string{
		"nodes good 2/2 ready",
		"net present good 4 objects", "net unchanged good as rendered, sha256:012345678901", "net accounts good agent", "net ready good DaemonSet agent 2/2",
		"dns present good 3 objects", "dns unchanged good as rendered, sha256:012345678901", "dns accounts good dns", "dns ready good Deployment dns 2/2",
		"disk present good 3 objects", "disk unchanged good as rendered, sha256:012345678901", "disk ready good StatefulSet disk 1/1", "disk storage-class good fast is the only default",
		"door present good 2 objects", "door unchanged good as rendered, sha256:012345678901", "door accounts good door", "door ready good DaemonSet door 2/2", "door host-ports good [80 443] on 2 of 2 nodes",
		"metrics present good 5 objects", "metrics unchanged good as rendered, sha256:012345678901", "metrics accounts good metrics", "metrics ready good Job certs is complete, Pod probe is ready", "metrics api good v1.metrics.example is available",
		"sweep present good 2 objects", "sweep unchanged good as rendered, sha256:012345678901", "sweep accounts good sweep",
	}
	rows := check.Judge(judgetest.Observe(t, judgetest.Case{}))
	if diff := cmp.Diff(want, judgetest.Lines(rows)); diff != "" {
		t.Error(diff)
	}
	if v := check.Overall(rows); v != check.Good {
		t.Errorf("overall %s", v)
	}
}

// Where something is broken, the rows that it concerns say so, and no others.
func TestJudge(t *testing.T) {
	well := judgetest.Lines(check.Judge(judgetest.Observe(t, judgetest.Case{})))
	for name, c := range judgetest.Cases(t) {
		t.Run(name, func(t *testing.T) {
			got := judgetest.Lines(check.Judge(judgetest.Observe(t, c)))
			got = slices.DeleteFunc(got, func(line string) bool { return slices.Contains(well, line) })
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A check that cannot fail is a defect: each is good in the world, and unmet in a case.
func TestEveryCheckFails(t *testing.T) {
	unmet := map[string]bool{}
	for _, c := range judgetest.Cases(t) {
		for _, r := range check.Judge(judgetest.Observe(t, c)) {
			if r.Verdict == check.Failed || r.Verdict == check.Degraded {
				unmet[r.Check] = true
				if r.Detail == "" || r.Remedy == "" {
					t.Errorf("case %q: an unmet check without reason or remedy: %+v", c.Name, r)
				}
			}
		}
	}
	for _, r := range check.Judge(judgetest.Observe(t, judgetest.Case{})) {
		if !unmet[r.Check] {
			t.Errorf("no case breaks the check %s", r.Check)
		}
	}
}
