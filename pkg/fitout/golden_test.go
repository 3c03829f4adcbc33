package fitout_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/rogpeppe/go-internal/diff"
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

// TestGolden pins what every combination of every bundle renders. Each distinct rendering of an addon is one file, named
// after the first combination that has it; index.txt says which combination has which files, and its digest. For
// neighbouring minors, delta has what changes from the one to the other, and upgrade what an upgrade does to a cluster.
func TestGolden(t *testing.T) {
	c := catalogue(t)
	want := map[string]string{}
	plans := map[string]map[string]*fitout.Plan{} // by minor and combination
	for _, minor := range c.Minors() {
		g := golden{files: want, dir: minor, byDigest: map[string]string{}}
		plans[minor] = map[string]*fitout.Plan{}
		for _, combo := range combination.Of(c, minor) {
			plan, err := fitout.Prepare(c, combo.File, nil, nil)
			if err != nil {
				t.Fatalf("%s %s: %v", minor, combo.Name(), err)
			}
			g.add(t, combo, plan.Rendering)
			plans[minor][combo.Name()] = plan
		}
		want[filepath.Join(minor, "index.txt")] = g.index.String()
	}
	minors := c.Minors()
	for i := range minors[1:] {
		before, after := minors[i], minors[i+1]
		if clusterfile.CompareMinors(after, before) > 1 {
			continue // nobody upgrades from the one to the other
		}
		want[filepath.Join("delta", before+"-"+after+".diff")] = delta(want, before, after)
		want[filepath.Join("upgrade", before+"-"+after+".txt")] = upgradePlans(t, plans[before], plans[after])
	}
	if *update {
		rewrite(t, want)
		return
	}
	compare(t, want)
}

// golden collects the files of one bundle.
type golden struct {
	files    map[string]string
	dir      string
	byDigest map[string]string // file by addon and digest
	index    bytes.Buffer
}

func (g *golden) add(t *testing.T, combo combination.Combination, r *render.Rendering) {
	var names []string
	for _, a := range r.Addons {
		key := a.Name + a.Digest
		if g.byDigest[key] == "" {
			g.byDigest[key] = g.fileName(a.Name, combo)
			g.files[filepath.Join(g.dir, g.byDigest[key])] = text(t, a)
		}
		names = append(names, strings.TrimSuffix(g.byDigest[key], ".yaml"))
	}
	fmt.Fprintf(&g.index, "%s\n    %s\n    %s\n", combo.Name(), r.Digest, strings.Join(names, " "))
}

// fileName is the addon's name; where that is taken, with the settings of the combination; and where that is taken too,
// with all of it.
func (g *golden) fileName(addon string, combo combination.Combination) string {
	name := addon + ".yaml"
	for _, suffix := range []string{strings.Join(combo.Settings, "+"), combo.Name()} {
		if _, taken := g.files[filepath.Join(g.dir, name)]; taken {
			name = addon + "." + suffix + ".yaml"
		}
	}
	return name
}

// text prints an addon's objects. CRDs are named with their digest: their text stands in the chart, word for word.
func text(t *testing.T, a render.Addon) string {
	var out bytes.Buffer
	for _, o := range a.Objects {
		if o.GetKind() == "CustomResourceDefinition" {
			bare := o.DeepCopy()
			bare.SetLabels(nil) // the bundle's is among them
			digest, err := manifest.Digest([]*manifest.Object{bare})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "# %s %s\n", manifest.IDOf(o), digest)
			continue
		}
		if err := manifest.Write(&out, []*manifest.Object{o}); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// delta is what changes in the files from one minor to the next, but for the label that names the bundle.
func delta(files map[string]string, before, after string) string {
	var same []string
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		dir, file := filepath.Split(name)
		old, had := files[filepath.Join(before, file)]
		switch {
		case file == "index.txt":
		case dir == before+"/" && files[filepath.Join(after, file)] == "":
			fmt.Fprintf(&out, "%s: gone\n", file)
		case dir != after+"/":
		case !had:
			fmt.Fprintf(&out, "%s: new\n", file)
		default:
			d := diff.Diff(before+"/"+file, []byte(old), after+"/"+file, []byte(withBundle(files[name], after, before)))
			out.Write(d)
			if len(d) == 0 {
				same = append(same, strings.TrimSuffix(file, ".yaml"))
			}
		}
	}
	return fmt.Sprintf("same: %s\n%s", strings.Join(same, " "), out.String())
}

// withBundle replaces the bundle's label in rendered text.
func withBundle(text, from, to string) string {
	return strings.ReplaceAll(text, fmt.Sprintf("%s: %q", render.LabelBundle, from), fmt.Sprintf("%s: %q", render.LabelBundle, to))
}

func rewrite(t *testing.T, files map[string]string) {
	if err := os.RemoveAll(goldenDir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(goldenDir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func compare(t *testing.T, want map[string]string) {
	err := filepath.WalkDir(goldenDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(goldenDir, path)
		if _, ok := want[name]; !ok {
			t.Errorf("%s: nothing renders this any more; run make update", path)
		}
		return nil
	})
	if err != nil {
		t.Errorf("%v; run make update", err)
	}
	for name, rendered := range want {
		file, err := os.ReadFile(filepath.Join(goldenDir, name))
		if err != nil {
			t.Errorf("%v; run make update", err)
			continue
		}
		if d := diff.Diff("golden/"+name, file, "rendered", []byte(rendered)); len(d) > 0 {
			t.Errorf("%s: what is rendered differs; if it is meant, run make update:\n%s", name, d)
		}
	}
}
