package fitout_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
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
// after the first combination that has it; index.txt says which combination has which files, and its digest.
func TestGolden(t *testing.T) {
	c := catalogue(t)
	want := map[string]string{}
	for _, minor := range c.Minors() {
		g := golden{files: want, dir: minor, byDigest: map[string]string{}}
		for _, combo := range combination.Of(c, minor) {
			plan, err := fitout.Prepare(c, combo.File, nil, nil)
			if err != nil {
				t.Fatalf("%s %s: %v", minor, combo.Name(), err)
			}
			g.add(t, combo, plan.Rendering)
		}
		want[filepath.Join(minor, "index.txt")] = g.index.String()
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
			digest, err := manifest.Digest([]*manifest.Object{o})
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
		if diff := cmp.Diff(strings.Split(string(file), "\n"), strings.Split(rendered, "\n")); diff != "" {
			t.Errorf("%s: what is rendered differs; if it is meant, run make update (-golden +rendered):\n%s", name, diff)
		}
	}
}
