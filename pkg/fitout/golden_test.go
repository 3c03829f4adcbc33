package fitout_test

import (
	"flag"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/internal/docpages"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func catalogue(t testing.TB) *bundle.Catalogue {
	t.Helper()
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGoldenUpgrades pins what an upgrade from each minor to the next bundle's does to every combination; where minors lie between
// them, which adopting an old cluster's addons may leap over, the decisions that takes. What they render is pinned by
// package golden.
func TestGoldenUpgrades(t *testing.T) {
	c := catalogue(t)
	batch := fitout.NewBatch(c)
	plans := map[string]map[string]*fitout.Plan{} // by minor and combination
	for _, minor := range c.Minors() {
		plans[minor] = map[string]*fitout.Plan{}
		for _, combo := range combination.Of(c, minor) {
			plan, err := batch.Prepare(combo.File, nil, nil)
			if err != nil {
				t.Fatalf("%s %s: %v", minor, combo.Name(), err)
			}
			plans[minor][combo.Name()] = plan
		}
	}
	pages := map[string]string{}
	minors := c.Minors()
	for i := range minors[1:] {
		before, after := minors[i], minors[i+1]
		pages[before+"-"+after+".txt"] = upgradePlans(t, plans[before], plans[after])
	}
	docpages.HoldAll(t, "../../testdata/upgrade", pages, *update)
}
