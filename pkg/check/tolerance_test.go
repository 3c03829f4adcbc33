package check_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	gocmp "github.com/google/go-cmp/cmp"
)

// A toleranceCase changes the world of testdata/world.yaml and says what gates make of it.
type toleranceCase struct {
	judgetest.Case
	MinReady string   `json:"minReady"`
	Out      []string `json:"out"`   // nodes that are out 40 s after the first look, and why
	First    []string `json:"first"` // rows at the first look: whether the gate waits for them, and how they begin
	Later    []string `json:"later"` // and 40 s later; as at first if empty
}

func TestTolerate(t *testing.T) {
	var list []toleranceCase
	judgetest.ReadYAML(t, "testdata/gates.yaml", &list)
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			_, s := judgetest.Observe(t, c.Case)
			share, err := check.ParseShare(cmp.Or(c.MinReady, "100%"))
			if err != nil {
				t.Fatal(err)
			}
			var outages observed.Outages
			start := time.Now()
			if diff := gocmp.Diff(c.First, sorted(t, c.Case, check.Tolerance{Out: outages.Out(s.Nodes, start), MinReady: share})); diff != "" {
				t.Errorf("at first: %s", diff)
			}
			if c.Later == nil {
				c.Later = c.First
			}
			out := outages.Out(s.Nodes, start.Add(40*time.Second))
			if diff := gocmp.Diff(c.Later, sorted(t, c.Case, check.Tolerance{Out: out, MinReady: share})); diff != "" {
				t.Errorf("later: %s", diff)
			}
			var told []string
			for _, node := range slices.Sorted(maps.Keys(out)) {
				told = append(told, node+" "+out[node])
			}
			if diff := gocmp.Diff(c.Out, told); diff != "" {
				t.Errorf("out: %s", diff)
			}
		})
	}
}

// sorted are the rows of all gates that are unmet, those that are waited for and those that the gate opens without.
func sorted(t *testing.T, c judgetest.Case, tolerance check.Tolerance) (lines []string) {
	addons, s := judgetest.Observe(t, c)
	for _, a := range addons {
		for _, r := range check.Unmet(check.Tolerate(check.Gate(a.Objects, s), s, tolerance)) {
			what := "waits "
			if r.Tolerated {
				what = "without "
			}
			count, _, _ := strings.Cut(r.Detail, ",")
			lines = append(lines, what+r.About.Kind+" "+strings.Replace(count, r.About.String(), r.About.Name, 1))
		}
	}
	return lines
}

func TestParseShare(t *testing.T) {
	for _, text := range []string{"", "%", "0", "0%", "101%", "-1", "1.5", "half", "99999999999999999999", "1%%", " 1"} {
		if _, err := check.ParseShare(text); err == nil || !strings.Contains(err.Error(), "1% to 100%") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
