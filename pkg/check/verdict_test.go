package check_test

import (
	"fmt"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
)

var verdicts = []check.Verdict{check.Good, check.Skipped, check.Unknown, check.Pending, check.Degraded, check.Failed}

func TestWorse(t *testing.T) {
	for i, a := range verdicts {
		for j, b := range verdicts {
			if got, want := check.Worse(a, b), verdicts[max(i, j)]; got != want {
				t.Errorf("the worse of %s and %s is %s, not %s", a, b, got, want)
			}
		}
	}
}

func TestOverall(t *testing.T) {
	for _, test := range []struct {
		verdicts []check.Verdict
		want     check.Verdict
	}{
		{nil, check.Good},
		{[]check.Verdict{check.Good}, check.Good},
		{[]check.Verdict{check.Unknown}, check.Good},
		{[]check.Verdict{check.Skipped}, check.Good},
		{[]check.Verdict{check.Skipped, check.Unknown}, check.Good},
		{[]check.Verdict{check.Unknown, check.Good}, check.Good},
		{[]check.Verdict{check.Pending, check.Unknown}, check.Pending},
		{[]check.Verdict{check.Good, check.Degraded, check.Pending}, check.Degraded},
		{[]check.Verdict{check.Failed, check.Degraded, check.Good}, check.Failed},
	} {
		var rows []check.Row
		for _, v := range test.verdicts {
			rows = append(rows, check.Row{Verdict: v})
		}
		if got := check.Overall(rows); got != test.want {
			t.Errorf("%v: overall %s, not %s", test.verdicts, got, test.want)
		}
	}
}

// What only an apply can put right does not settle by itself, whatever else may.
func TestMaySettle(t *testing.T) {
	settles := map[string]bool{
		check.Nodes: true, check.Ready: true, check.API: true, check.HostPorts: true,
		check.Present: false, check.Accounts: false, check.Unchanged: false, check.StorageClass: false,
	}
	for name, want := range settles {
		for _, v := range verdicts {
			t.Run(fmt.Sprintf("%s %s", name, v), func(t *testing.T) {
				unmet := v == check.Failed || v == check.Degraded
				if got := check.MaySettle([]check.Row{{Check: name, Verdict: v}}); got != (want && unmet) {
					t.Errorf("settles: %t", got)
				}
				rows := []check.Row{{Check: check.Ready, Verdict: check.Degraded}, {Check: name, Verdict: v}}
				if got := check.MaySettle(rows); got != (want || !unmet) {
					t.Errorf("settles beside a rollout: %t", got)
				}
			})
		}
	}
	if check.MaySettle(nil) {
		t.Error("nothing settles")
	}
}
