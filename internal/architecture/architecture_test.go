// Package architecture holds the test of the import rules that ARCHITECTURE.md states.
package architecture

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fitout-dev/fitout/"

// mayImport lists, for each package of the library, the other packages of the project that it may import.
var mayImport = map[string][]string{
	"pkg/strictyaml":  {"pkg/printable"},
	"pkg/printable":   {},
	"pkg/concurrent":  {},
	"pkg/junit":       {},
	"pkg/manifest":    {"pkg/printable"},
	"pkg/clusterfile": {"pkg/printable", "pkg/strictyaml"},
	"pkg/corefile":    {"pkg/printable", "pkg/strictyaml"},
	"pkg/chartvalues": {"pkg/clusterfile", "pkg/corefile", "pkg/strictyaml"},
	"pkg/image":       {"pkg/manifest", "pkg/printable"},
	"pkg/imagelist":   {"pkg/bundle", "pkg/image", "pkg/printable", "pkg/render"},
	"pkg/registry":    {"pkg/image", "pkg/printable"},
	"pkg/signature":   {},
	"pkg/fleet":       {"pkg/check", "pkg/printable", "pkg/report"},
	"pkg/job":         {"pkg/manifest"},
	"pkg/sbom":        {"pkg/image", "pkg/imagelist", "pkg/render"},
	"pkg/archive":     {"pkg/printable"},
	"pkg/catalogue":   {"pkg/archive", "pkg/image", "pkg/printable", "pkg/strictyaml"},
	"pkg/artifact":    {"pkg/clusterfile", "pkg/manifest"},
	"pkg/bundle":      {"pkg/archive", "pkg/chartvalues", "pkg/clusterfile", "pkg/corefile", "pkg/image", "pkg/strictyaml"},
	"pkg/bump":        {"pkg/bundle", "pkg/image", "pkg/strictyaml"},
	"pkg/crd":         {"pkg/manifest"},
	"pkg/fieldrules":  {"pkg/manifest"},
	"pkg/kubeapi":     {"pkg/crd", "pkg/fieldrules", "pkg/manifest", "pkg/printable", "pkg/strictyaml"},
	"pkg/render":      {"pkg/archive", "pkg/bundle", "pkg/clusterfile", "pkg/image", "pkg/kubeapi", "pkg/manifest", "pkg/printable", "pkg/strictyaml"},
	"pkg/wave":        {"pkg/manifest", "pkg/printable", "pkg/render"},
	"pkg/probe":       {"pkg/clusterfile", "pkg/concurrent", "pkg/manifest"},
	"pkg/agent":       {},
	"pkg/credential":  {},
	"pkg/objectdiff":  {"pkg/clusterfile", "pkg/credential", "pkg/manifest", "pkg/printable"},
	"pkg/adoption":    {"pkg/bundle", "pkg/corefile", "pkg/fieldowner", "pkg/manifest", "pkg/objectdiff"},
	"pkg/provider":    {"pkg/bundle", "pkg/manifest"},
	"pkg/fieldowner":  {"pkg/manifest", "pkg/objectdiff", "pkg/render"},
	"pkg/changeset":   {"pkg/credential", "pkg/fieldowner", "pkg/inventory", "pkg/manifest", "pkg/objectdiff", "pkg/printable", "pkg/render", "pkg/wave"},
	"pkg/upgrade":     {"pkg/bundle", "pkg/changeset", "pkg/check", "pkg/clusterfile", "pkg/kubeapi", "pkg/manifest", "pkg/observed", "pkg/printable", "pkg/render"},
	"pkg/observed":    {"pkg/manifest", "pkg/printable"},
	"pkg/check":       {"pkg/manifest", "pkg/objectdiff", "pkg/observed", "pkg/printable", "pkg/render"},
	"pkg/probes":      {"pkg/agent", "pkg/bundle", "pkg/check", "pkg/manifest", "pkg/observed", "pkg/printable", "pkg/probe", "pkg/render"},
	"pkg/diagnose":    {"pkg/bundle", "pkg/check", "pkg/manifest", "pkg/observed", "pkg/printable", "pkg/strictyaml"},
	"pkg/diff":        {"pkg/credential", "pkg/fieldowner", "pkg/manifest", "pkg/printable"},
	"pkg/access":      {"pkg/inventory", "pkg/manifest", "pkg/render"},
	"pkg/footprint":   {"pkg/bundle", "pkg/clusterfile", "pkg/manifest", "pkg/printable", "pkg/render", "pkg/strictyaml"},
	"pkg/report":      {"pkg/changeset", "pkg/check", "pkg/clusterfile", "pkg/footprint", "pkg/junit", "pkg/manifest", "pkg/printable", "pkg/upgrade"},
	"pkg/inventory":   {"pkg/manifest", "pkg/printable", "pkg/render"},
	"pkg/cluster":     {"pkg/agent", "pkg/changeset", "pkg/clusterfile", "pkg/concurrent", "pkg/fieldowner", "pkg/inventory", "pkg/objectdiff", "pkg/printable", "pkg/observed", "pkg/manifest", "pkg/probe", "pkg/probes", "pkg/provider", "pkg/render", "pkg/report", "pkg/upgrade"},
	"pkg/fitout":      {"pkg/adoption", "pkg/agent", "pkg/artifact", "pkg/bundle", "pkg/changeset", "pkg/check", "pkg/concurrent", "pkg/diagnose", "pkg/fieldowner", "pkg/clusterfile", "pkg/corefile", "pkg/crd", "pkg/footprint", "pkg/image", "pkg/imagelist", "pkg/inventory", "pkg/kubeapi", "pkg/manifest", "pkg/observed", "pkg/probe", "pkg/probes", "pkg/provider", "pkg/render", "pkg/report", "pkg/strictyaml", "pkg/upgrade", "pkg/wave"},
	"pkg/golden":      {"pkg/bundle", "pkg/clusterfile", "pkg/fitout", "pkg/junit", "pkg/manifest", "pkg/printable", "pkg/render", "pkg/strictyaml", "pkg/wave"},
	"addons":          {},
	"bundles":         {},
}

// onlyIn lists packages that just one package may import, and why.
var onlyIn = []struct{ prefix, in, reason string }{
	{"k8s.io/client-go", "pkg/cluster cmd/fitout", "one package talks to an API server; the command makes its configuration"},
	{"github.com/google/go-containerregistry", "pkg/registry", "one package talks to registries"},
	{"helm.sh/helm", "pkg/render", "moving to another Helm touches one package"},
	{"k8s.io/apiextensions-apiserver", "pkg/crd", "one package validates definitions and custom resources"},
	{"github.com/cilium/cilium", "pkg/agent", "its models are one agent's of several"},
	{"sigs.k8s.io/kustomize", "pkg/render", "it keeps global state behind one lock"},
	{"github.com/google/cel-go", "pkg/chartvalues", "expressions over values are judged in one place"},
	{"github.com/santhosh-tekuri/jsonschema", "pkg/chartvalues", "schemas of values are judged in one place"},
	{"github.com/spf13", "cmd/fitout", "the library takes values, not flags"},
	{"k8s.io/cli-runtime", "cmd/fitout", "the library takes values, not flags"},
	{"log", "", "the library is silent; progress is told through an interface"},
	{"log/slog", "", "the library is silent; progress is told through an interface"},
	{"os", "cmd/fitout pkg/probe internal/bed internal/parity/cmd pkg/golden pkg/registry", "the library takes fs.FS and readers, never paths; a probe of a volume has a file to write, and golden files and saved images are folders"},
	{"net/http", "pkg/cluster pkg/probe pkg/registry cmd/fitout", "one package talks to an API server, one to registries, one tries the network from inside; the command serves metrics"},
}

// imports returns the direct imports of each package of the project that is not a test, by its path in the module.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		all[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	return all
}

// violations returns what in the imports is against the rules.
func violations(all map[string][]string) []string {
	var found []string
	for from, list := range all {
		if strings.HasPrefix(from, "internal/") {
			continue // beds and tools for tests: they have files, processes and clusters of their own
		}
		allowed, isLibrary := mayImport[from]
		if strings.HasPrefix(from, "pkg/") && !isLibrary {
			found = append(found, from+" is not in the rules; say what it may import")
		}
		for _, to := range list {
			if own, isOwn := strings.CutPrefix(to, module); isOwn && isLibrary && !slices.Contains(allowed, own) {
				found = append(found, from+" imports "+own+", against the direction of ARCHITECTURE.md")
			}
			for _, rule := range onlyIn {
				if (to == rule.prefix || strings.HasPrefix(to, rule.prefix+"/") && rule.prefix != "os" && rule.prefix != "log") && !slices.Contains(strings.Fields(rule.in), from) {
					found = append(found, from+" imports "+to+": "+rule.reason)
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestImports(t *testing.T) {
	all := imports(t)
	if len(all) < len(mayImport) {
		t.Fatalf("go list found %d packages, fewer than the rules name", len(all))
	}
	for _, v := range violations(all) {
		t.Error(v)
	}
}

func TestViolationsAreFound(t *testing.T) {
	got := violations(map[string][]string{
		"pkg/wave":  {module + "pkg/cluster", "fmt"},
		"pkg/check": {"k8s.io/client-go/dynamic", "os"},
		"pkg/new":   nil,
	})
	want := []string{
		"pkg/check imports k8s.io/client-go/dynamic: one package talks to an API server; the command makes its configuration",
		"pkg/check imports os: the library takes fs.FS and readers, never paths; a probe of a volume has a file to write, and golden files and saved images are folders",
		"pkg/new is not in the rules; say what it may import",
		"pkg/wave imports pkg/cluster, against the direction of ARCHITECTURE.md",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
