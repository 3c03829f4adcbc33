package probes_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probes"
)

// addon.yaml takes the name of each probe, and of no other.
func TestNamesInAddonYAML(t *testing.T) {
	field, _ := reflect.TypeFor[bundle.Probe]().FieldByName("Name")
	allowed := strings.Split(field.Tag.Get("enum"), ",")
	slices.Sort(allowed)
	var names []string
	for _, p := range probes.All() {
		names = append(names, p.Name)
	}
	if !slices.Equal(allowed, names) {
		t.Errorf("addon.yaml allows %q, and there are %q", allowed, names)
	}
}

// docs/probes.md says of each probe what it proves and who asks, as the probe does.
func TestProbesAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../docs/probes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range probes.All() {
		row := fmt.Sprintf(`(?m)^\| %s \| [^|]+ \| %s \| %s \|$`, p.Name, regexp.QuoteMeta(p.Proves), regexp.QuoteMeta(string(p.Where)))
		if !regexp.MustCompile(row).Match(docs) {
			t.Errorf("docs/probes.md has no row of %s that says %q and %q", p.Name, p.Proves, p.Where)
		}
	}
	if rows := regexp.MustCompile(`(?m)^\| [a-z]+-[a-z-]+ \| [^|]+ \| [^|]+ \| [^|]+ \|$`).FindAll(docs, -1); len(rows) != len(probes.All()) {
		t.Errorf("docs/probes.md has %d probes, and there are %d", len(rows), len(probes.All()))
	}
}
