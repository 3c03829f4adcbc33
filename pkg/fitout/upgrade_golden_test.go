package fitout_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/fitout"
)

// upgradePlans are the plans of upgrades of all combinations that both minors have, on three nodes. What is said of an addon is a
// section, however many combinations have it; each combination has its summary, what has to be decided on, and the numbers of
// its sections.
func upgradePlans(t *testing.T, before, after map[string]*fitout.Plan) string {
	t.Helper()
	var sections []string
	var index bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if after[name] == nil {
			continue
		}
		p, err := fitout.PlanUpgrade(before[name], after[name], fitout.UpgradeOptions{}, 3)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&index, "%s\n    %s\n", name, p.Summary)
		for _, d := range p.Decisions {
			fmt.Fprintf(&index, "    %s\n", d)
		}
		var numbers []string
		for _, a := range p.Addons {
			if !slices.Contains(sections, a.Text()) {
				sections = append(sections, a.Text())
			}
			numbers = append(numbers, fmt.Sprint(slices.Index(sections, a.Text())+1))
		}
		fmt.Fprintf(&index, "    %s\n", strings.Join(numbers, " "))
	}
	var out bytes.Buffer
	for i, s := range sections {
		fmt.Fprintf(&out, "[%d] %s", i+1, s)
	}
	return out.String() + "\n" + index.String()
}
