package fitout_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/rogpeppe/go-internal/diff"
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

// TestGoldenUpgrades pins what an upgrade from each minor to the next does to every combination. What they render is pinned by
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
	minors := c.Minors()
	for i := range minors[1:] {
		before, after := minors[i], minors[i+1]
		if clusterfile.CompareMinors(after, before) > 1 {
			continue // nobody upgrades from the one to the other
		}
		compare(t, filepath.Join("../../testdata/upgrade", before+"-"+after+".txt"), upgradePlans(t, plans[before], plans[after]))
	}
}

func compare(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	pinned, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(file, pinned, "now", []byte(text)); len(d) > 0 {
		t.Errorf("if it is meant, run make update:\n%s", d)
	}
}
