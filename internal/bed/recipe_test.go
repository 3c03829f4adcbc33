package bed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes files into a new folder and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func sources() map[string]string {
	return map[string]string{
		"kube-1.99/go.mod":       "module m\n\nrequire k8s.io/kubernetes v1.99.1\n\nreplace x => ../shared\n",
		"kube-1.99/go.sum":       "sums",
		"kube-1.99/main.go":      "package main",
		"kube-1.99/main_test.go": "package main",
		"shared/shared.go":       "package shared",
		"other/other.go":         "package other",
	}
}

func keyOf(t *testing.T, files map[string]string, toolchain, tags string) string {
	t.Helper()
	r := recipe{name: "kube-1.99", dir: filepath.Join(tree(t, files), "kube-1.99"), target: ".", tags: tags}
	key, err := r.key(toolchain)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKey(t *testing.T) {
	first := keyOf(t, sources(), "go1.26 linux/amd64", "")
	for name, same := range map[string]bool{
		"kube-1.99/go.mod":       false,
		"kube-1.99/go.sum":       false,
		"kube-1.99/main.go":      false,
		"kube-1.99/main_test.go": true,
		"shared/shared.go":       false, // replaced with
		"other/other.go":         true,  // not used
	} {
		files := sources()
		files[name] += " // changed"
		if got := keyOf(t, files, "go1.26 linux/amd64", ""); (got == first) != same {
			t.Errorf("after a change of %s the key is the same: %v, want %v", name, got == first, same)
		}
	}
	if keyOf(t, sources(), "go1.26 linux/amd64", "") != first {
		t.Error("the key depends on where the checkout is")
	}
	if keyOf(t, sources(), "go1.27 linux/amd64", "") == first {
		t.Error("the key does not depend on the toolchain")
	}
	if keyOf(t, sources(), "go1.26 linux/amd64", "providerless") == first {
		t.Error("the key does not depend on the tags")
	}
}

func TestKeyFollowsLinks(t *testing.T) {
	root := tree(t, sources())
	main := filepath.Join(root, "kube-1.99", "main.go")
	if err := os.Remove(main); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../other/other.go", main); err != nil {
		t.Fatal(err)
	}
	r := recipe{dir: filepath.Join(root, "kube-1.99")}
	before, err := r.key("")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "other", "other.go"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if after, _ := r.key(""); after == before {
		t.Error("the key does not see the file behind a link")
	}
}

func TestRecipes(t *testing.T) {
	source, err := findSource()
	if err != nil {
		t.Fatal(err)
	}
	minors, err := Minors()
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		all, err := recipes(source, minor)
		if err != nil {
			t.Fatal(err)
		}
		kube := all[0]
		if !strings.HasPrefix(kube.version, "v"+minor+".") {
			t.Errorf("kube-%s builds Kubernetes %s", minor, kube.version)
		}
		if old := minorNumber(minor) <= 18; old != (len(kube.steps) == 1) {
			t.Errorf("kube-%s has %d steps before the build", minor, len(kube.steps))
		}
	}
	if _, err := recipes(source, "1.2"); err == nil || !strings.Contains(err.Error(), minors[0]) {
		t.Errorf("error for an unknown minor %v does not list those that there are", err)
	}
}

func TestVersionFlags(t *testing.T) {
	want := "-X k8s.io/component-base/version.gitVersion=v1.18.2 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=18"
	if got := versionFlags("v1.18.2"); !strings.Contains(got, want) {
		t.Errorf("flags %q, want %q in them", got, want)
	}
}

func TestKubeTags(t *testing.T) {
	for minor, want := range map[int]string{15: "", 16: "providerless", 18: "providerless", 30: "providerless", 31: "", 36: ""} {
		if got := kubeTags(minor); got != want {
			t.Errorf("tags of 1.%d are %q, want %q", minor, got, want)
		}
	}
}

func TestMinorNumber(t *testing.T) {
	for version, want := range map[string]int{"1.36": 36, "v1.36.4": 36, "1.18.2": 18, "": 0, "2.1": 0, "1.x": 0} {
		if got := minorNumber(version); got != want {
			t.Errorf("minorNumber(%q) = %d, want %d", version, got, want)
		}
	}
}

func TestRequiredVersion(t *testing.T) {
	for name, gomod := range map[string]string{
		"line":  "module m\nrequire k8s.io/kubernetes v1.36.4\n",
		"block": "module m\nrequire (\n\tk8s.io/kubernetes v1.36.4 // indirect\n)\nreplace (\n\tk8s.io/kubernetes => x v1.0.0\n)\n",
	} {
		if got, err := requiredVersion(gomod, kubernetesModule); got != "v1.36.4" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := requiredVersion("module m\n", kubernetesModule); err == nil {
		t.Error("no error without the requirement")
	}
}
