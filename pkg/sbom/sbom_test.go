package sbom_test

import (
	"bytes"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/imagelist"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/sbom"
)

const digest = "sha256:e7e6440cfd1e919280958f5b5a6ab2b184d385bba774c12ad2a9e1e4183f90d9"

func list(t *testing.T, references ...string) *imagelist.List {
	t.Helper()
	l := &imagelist.List{}
	for _, text := range references {
		r, err := image.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		l.Images = append(l.Images, imagelist.Image{Image: text, Reference: r, Digest: r.Digest, Source: imagelist.OfAddon, Uses: []imagelist.Use{{Addon: "dns"}, {Addon: "dns"}}})
	}
	return l
}

func written(t *testing.T, b *cdx.BOM) string {
	t.Helper()
	var out bytes.Buffer
	if err := sbom.Write(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every addon and image is in the bill, each image below its addon; the same parts give the same bytes, and others another number.
func TestOfCluster(t *testing.T) {
	r := &render.Rendering{Bundle: "1.36", Digest: digest, Addons: []render.Addon{{Addon: bundle.Addon{Name: "dns", Role: "dns"}, Version: "1.2.3", Digest: digest}}}
	images := list(t, "registry.k8s.io/coredns/coredns:v1@"+digest, "registry.example.com:5000/b:v2")
	images.Images[1].Source, images.Images[1].Uses = imagelist.OfNode, nil
	b := sbom.OfCluster("eu-1", r, images, "v1")
	text := written(t, b)
	if again := written(t, sbom.OfCluster("eu-1", r, images, "v1")); again != text {
		t.Error("the same parts give other bytes")
	}
	var read cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(text), cdx.BOMFileFormatJSON).Decode(&read); err != nil {
		t.Fatal(err)
	}
	const coredns = "pkg:oci/coredns@sha256%3Ae7e6440cfd1e919280958f5b5a6ab2b184d385bba774c12ad2a9e1e4183f90d9?repository_url=registry.k8s.io%2Fcoredns%2Fcoredns&tag=v1"
	const plain = "pkg:oci/b?repository_url=registry.example.com%3A5000%2Fb&tag=v2"
	on := map[string][]string{}
	for _, d := range *read.Dependencies {
		if d.Dependencies != nil {
			on[d.Ref] = *d.Dependencies
		}
	}
	if !slices.Equal(on["bundle"], []string{"addon:dns", plain}) || !slices.Equal(on["addon:dns"], []string{coredns}) {
		t.Errorf("dependencies %v", on)
	}
	if len(*read.Components) != 3 || strings.Contains(text, "timestamp") || !strings.HasPrefix(read.SerialNumber, "urn:uuid:") {
		t.Errorf("%s", text)
	}
	r.Addons[0].Digest = "sha256:" + strings.Repeat("0", 64)
	if sbom.OfCluster("eu-1", r, images, "v1").SerialNumber == b.SerialNumber {
		t.Error("another rendering has the same serial number")
	}
}

func TestOfProgram(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Path: "github.com/fitout-dev/fitout"}, Deps: []*debug.Module{
		{Path: "example.com/a", Version: "v1.0.0"}, {Path: "example.com/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/new", Version: "v2.0.0"}}}}
	var names []string
	for _, c := range *sbom.OfProgram(info, "v1").Components {
		names = append(names, c.PackageURL)
	}
	if want := []string{"pkg:golang/example.com/a@v1.0.0", "pkg:golang/example.com/new@v2.0.0", "pkg:golang/std@1.26.8"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}
