package release_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/release"
	"sigs.k8s.io/yaml"
)

func programs() []release.Program {
	var all []release.Program
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, release.Program{OS: system, Arch: arch, Content: []byte("program of " + system + arch)})
		}
	}
	return all
}

// Every platform has an archive with its program, manifests name the checksums of the archives, and the same programs give the same bytes.
func TestMake(t *testing.T) {
	files, err := release.Make("v1.2.3", programs(), []release.File{{Name: "LICENSE", Content: []byte("free"), Mode: 0o644}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := release.Make("v1.2.3", programs(), []release.File{{Name: "LICENSE", Content: []byte("free"), Mode: 0o644}})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for i, f := range files {
		byName[f.Name] = string(f.Content)
		if !bytes.Equal(f.Content, again[i].Content) {
			t.Errorf("%s has other bytes the second time", f.Name)
		}
	}
	checksums := string(release.Checksums(files).Content)
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			name := fmt.Sprintf("fitout_1.2.3_%s_%s.tar.gz", system, arch)
			if system == "windows" {
				name = strings.Replace(name, "tar.gz", "zip", 1)
			}
			if got, want := unpacked(t, name, byName[name]), "program of "+system+arch+" free"; got != want {
				t.Errorf("%s holds %q, want %q", name, got, want)
			}
			sum := fmt.Sprintf("%x", sha256.Sum256([]byte(byName[name])))
			if !strings.Contains(checksums, sum+"  "+name+"\n") || !strings.Contains(byName["krew.yaml"], sum) || system != "windows" && !strings.Contains(byName["fitout.rb"], sum) {
				t.Errorf("the checksum %s of %s is missing", sum, name)
			}
		}
	}
	var plugin map[string]any
	if err := yaml.UnmarshalStrict([]byte(byName["krew.yaml"]), &plugin); err != nil {
		t.Error(err)
	}
	if len(files) != 8 {
		t.Errorf("%d files", len(files))
	}
}

// unpacked is the contents of an archive, with the mode of the program checked.
func unpacked(t *testing.T, name, archive string) string {
	t.Helper()
	var parts []string
	if strings.HasSuffix(name, ".zip") {
		r, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, string(text))
		}
		return strings.Join(parts, " ")
	}
	z, err := gzip.NewReader(strings.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return strings.Join(parts, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "fitout" && h.Mode != 0o755 {
			t.Errorf("%s: mode %o", name, h.Mode)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, string(text))
	}
}

func TestRefuses(t *testing.T) {
	if _, err := release.Make("1.2", programs(), nil); err == nil || !strings.Contains(err.Error(), "give one such as v1.2.3") {
		t.Error(err)
	}
	if _, err := release.Make("v1.2.3", programs()[:2], nil); err == nil {
		t.Error("a manifest without all checksums was made")
	}
}
