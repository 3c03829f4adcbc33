package golden_test

import (
	"flag"
	"iter"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/internal/docpages"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/golden"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const goldenDir = "../../testdata/golden"

func catalogue(t testing.TB) *bundle.Catalogue {
	t.Helper()
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGolden pins what every combination of every bundle renders.
func TestGolden(t *testing.T) {
	folder, err := golden.Open(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	folder.Brief() // the text of definitions stands in the charts
	comparison, err := folder.Compare(combinations(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := folder.Write(comparison); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !comparison.Same() {
		t.Errorf("if it is meant, run make update:\n%s%s", comparison.Text(), comparison.Diff())
	}
}

// TestDelta pins what changes from each minor to the next, which nobody reads out of two indexes.
func TestDelta(t *testing.T) {
	c := catalogue(t)
	pages := map[string]string{}
	minors := c.Minors()
	for i := range minors[1:] {
		before, after := minors[i], minors[i+1]
		if clusterfile.CompareMinors(after, before) > 1 {
			continue // nobody upgrades from the one to the other
		}
		comparison, err := golden.Between(of(c, before), of(c, after))
		if err != nil {
			t.Fatal(err)
		}
		pages[before+"-"+after+".diff"] = comparison.Diff()
	}
	docpages.HoldAll(t, "../../testdata/delta", pages, *update)
}

// combinations are all clusters that the embedded catalogue can be asked for.
func combinations(t *testing.T) iter.Seq2[golden.Cluster, error] {
	c := catalogue(t)
	return func(yield func(golden.Cluster, error) bool) {
		for _, minor := range c.Minors() {
			for cluster, err := range of(c, minor) {
				cluster.Name = minor + "/" + cluster.Name
				if !yield(cluster, err) {
					return
				}
			}
		}
	}
}

// of are those of one minor.
func of(c *bundle.Catalogue, minor string) iter.Seq2[golden.Cluster, error] {
	return func(yield func(golden.Cluster, error) bool) {
		batch := fitout.NewBatch(c)
		for _, combo := range combination.Of(c, minor) {
			plan, err := batch.Prepare(combo.File, nil, nil)
			if !yield(golden.Cluster{Name: combo.Name(), Plan: plan}, err) {
				return
			}
		}
	}
}
