package probes_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// sentences are those of addons/probes.yaml, by probe.
func sentences(t *testing.T) map[string]bundle.Sentence {
	t.Helper()
	file, err := addons.FS.Open("probes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var p bundle.Probes
	if _, err := strictyaml.Read("probes.yaml", file, &p); err != nil {
		t.Fatal(err)
	}
	all := map[string]bundle.Sentence{}
	for _, s := range p.Probes {
		all[s.Name] = s
	}
	return all
}

// addons/probes.yaml has sentences for each probe, and for nothing else.
func TestProbesHaveSentences(t *testing.T) {
	var names []string
	for _, p := range probes.All() {
		names = append(names, p.Name)
	}
	if said := slices.Sorted(maps.Keys(sentences(t))); !slices.Equal(said, names) {
		t.Errorf("probes.yaml has %q, and there are %q", said, names)
	}
}

// The probes of the catalogue are as the registry wants them; without one of the registry, its addons are at fault.
func TestCatalogueIsHeldToTheRegistry(t *testing.T) {
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	if err := catalogue.VerifyProbes(probes.Rules()); err != nil {
		t.Error(err)
	}
	rules := probes.Rules()
	delete(rules.Kinds, "node-metrics")
	rules.Formats = []string{"calico", "flannel", "weave"}
	err = catalogue.VerifyProbes(rules)
	for _, want := range []string{
		`metrics-server/addon.yaml:\d+: probes\[\d\]\.name is "node-metrics"; .*node-conditions`,
		`cilium/addon.yaml:\d+: probes\[\d\]\.agent\.format is "cilium"; .*calico, flannel, weave`,
	} {
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("the error is %v, not %s", err, want)
		}
	}
}

// docs/probes.md says of each probe what it proves and who asks, as probes.yaml and the probe do.
func TestProbesAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../docs/probes.md")
	if err != nil {
		t.Fatal(err)
	}
	said := sentences(t)
	for _, p := range probes.All() {
		row := fmt.Sprintf(`(?m)^\| %s \| [^|]+ \| %s \| %s \|$`, p.Name, regexp.QuoteMeta(said[p.Name].Proves), regexp.QuoteMeta(string(p.Where)))
		if !regexp.MustCompile(row).Match(docs) {
			t.Errorf("docs/probes.md has no row of %s that says %q and %q", p.Name, said[p.Name].Proves, p.Where)
		}
	}
	if rows := regexp.MustCompile(`(?m)^\| [a-z]+-[a-z-]+ \| [^|]+ \| [^|]+ \| [^|]+ \|$`).FindAll(docs, -1); len(rows) != len(probes.All()) {
		t.Errorf("docs/probes.md has %d probes, and there are %d", len(rows), len(probes.All()))
	}
}
