package bundle_test

import (
	"bytes"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/docpages"
	"github.com/fitout-dev/fitout/pkg/bundle"
)

var update = flag.Bool("update", false, "rewrite the pages of the catalogue")

// TestDocs keeps docs/catalogue.md and docs/addons/ what the data says.
func TestDocs(t *testing.T) {
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"catalogue.md": cataloguePage(c)}
	for _, name := range c.Names() {
		page, err := addonPage(c, name)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Join("addons", name+".md")] = page
	}
	docpages.Hold(t, "../../docs", pages, *update)
}

// cataloguePage is the table of all versions with their lifecycle marks.
func cataloguePage(c *bundle.Catalogue) string {
	var out bytes.Buffer
	out.WriteString("# Catalogue\n\nGenerated from `addons/` and `bundles/` by `make update`.\n\n")
	out.WriteString("| addon | " + strings.Join(c.Minors(), " | ") + " |\n|---" + strings.Repeat("|---", len(c.Minors())) + "|\n")
	for _, name := range c.Names() {
		row := []string{fmt.Sprintf("[%s](addons/%s.md)", name, name)}
		for _, minor := range c.Minors() {
			row = append(row, cell(c, minor, name))
		}
		out.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	out.WriteString("\nTested with: ")
	var tested []string
	for _, minor := range c.Minors() {
		tested = append(tested, c.Offers().Tested[minor])
	}
	out.WriteString(strings.Join(tested, ", ") + ".\n\n")
	out.WriteString("* untested: upstream does not list this Kubernetes minor (yet); the bundle's own tests pass\n")
	out.WriteString("* deprecated: usable, with a warning that says what to use instead\n")
	out.WriteString("* refused: choosing it is an error that says what to use instead\n")
	return out.String()
}

func cell(c *bundle.Catalogue, minor, name string) string {
	b, _ := c.Bundle(minor)
	a, _ := c.Addon(name)
	entry, ok := b.Addons[name]
	level := a.Lifecycle.Level(minor)
	switch {
	case !ok:
		return level
	case level == bundle.Tested:
		return version(entry)
	}
	return version(entry) + " *" + level + "*"
}

func version(e bundle.Entry) string {
	if strings.Contains(e.Version, "{{") {
		return "the cluster's"
	}
	return e.Version
}

// addonPage is what the data says of one addon: role, lifecycle, versions, and the values of each chart.
func addonPage(c *bundle.Catalogue, name string) (string, error) {
	a, _ := c.Addon(name)
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s\n\n%s. Generated from `addons/%s` and `bundles/` by `make update`.\n\n", name, a.Summary, name)
	fmt.Fprintf(&out, "* role: %s\n", a.Role)
	list(&out, "provides", a.Provides)
	list(&out, "requires", a.Requires)
	if a.Lifecycle.EndOfLife != "" {
		fmt.Fprintf(&out, "* ended upstream: %s; %s\n", a.Lifecycle.EndOfLife, a.Lifecycle.Reason)
	}
	list(&out, "use instead", a.Lifecycle.Replacement)
	out.WriteString("\n| Kubernetes | version | chart | support | images |\n|---|---|---|---|---|\n")
	var lines []string
	for _, minor := range c.Minors() {
		b, _ := c.Bundle(minor)
		e, ok := b.Addons[name]
		if !ok {
			fmt.Fprintf(&out, "| %s | | | %s | |\n", minor, a.Lifecycle.Level(minor))
			continue
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", minor, version(e), e.Chart, a.Lifecycle.Level(minor), images(e))
		if !slices.Contains(lines, e.Chart) {
			lines = append(lines, e.Chart)
		}
	}
	for _, line := range lines {
		about, values, err := c.ChartValues(name, line)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "\n## Values of chart %s\n\n", line)
		if about != "" {
			fmt.Fprintf(&out, "%s\n\n", about)
		}
		for _, v := range values {
			fmt.Fprintf(&out, "* `%s` (%s)<br>%s\n", v.Path, v.About(), strings.ReplaceAll(v.Doc, "<", "&lt;"))
		}
	}
	if len(a.Rules) > 0 {
		out.WriteString("\n## Rules\n\nWhat must be true of the values and the cluster, as CEL:\n\n")
	}
	for _, r := range a.Rules {
		fmt.Fprintf(&out, "* `%s`: `%s`\n", r.Field, r.Expression)
	}
	return out.String(), nil
}

func list(out *bytes.Buffer, what string, words []string) {
	if len(words) > 0 {
		fmt.Fprintf(out, "* %s: %s\n", what, strings.Join(words, ", "))
	}
}

// images are an entry's images without digests, which would make the table unreadable.
func images(e bundle.Entry) string {
	var all []string
	for _, image := range e.Images {
		reference, _, _ := strings.Cut(image, "@")
		all = append(all, "`"+reference+"`")
	}
	slices.Sort(all)
	return strings.Join(all, "<br>")
}
