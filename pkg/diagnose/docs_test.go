package diagnose

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
)

// TestTroubleshooting holds docs/troubleshooting.md to the rules: it has every cause that a rule of Kubernetes or of an addon
// finds, and no other.
func TestTroubleshooting(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z, -]+) \| `).FindAllStringSubmatch(string(page), -1) {
		if row[1] != "cause" && row[1] != "code" { // the heads of the tables
			described = append(described, strings.Split(row[1], ", ")...)
		}
	}
	known := causes(t)
	for _, cause := range known {
		if !slices.Contains(described, cause) {
			t.Errorf("docs/troubleshooting.md does not have the cause %s", cause)
		}
	}
	for _, cause := range described {
		if !slices.Contains(known, cause) {
			t.Errorf("docs/troubleshooting.md has the cause %s, which no rule finds", cause)
		}
	}
}

// causes are those of the embedded table, of the addons, and of the rules that compare probes.
func causes(t *testing.T) []string {
	t.Helper()
	known := []string{check.Unexplained}
	for _, row := range slices.Concat(builtin().Rules, builtin().Ready) {
		if row.Cause != "" {
			known = append(known, row.Cause)
		}
	}
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range catalogue.Names() {
		addon, _ := catalogue.Addon(name)
		for _, d := range addon.Diagnoses {
			known = append(known, d.Cause)
		}
	}
	code, err := os.ReadFile("cross_probe.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range regexp.MustCompile(`newDiagnosis\("([a-z-]+)"`).FindAllStringSubmatch(string(code), -1) {
		known = append(known, call[1])
	}
	return known
}
