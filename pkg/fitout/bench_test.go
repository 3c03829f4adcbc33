package fitout_test

import (
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/internal/cputime"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
)

func BenchmarkLoadCatalogue(b *testing.B) {
	cputime.Report(b, cputime.Self)
	for b.Loop() {
		if _, err := bundle.Load(addons.FS, bundles.FS); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRenderBundle renders one bundle with a loaded catalogue: the default one, one with CRDs, the one with most.
func BenchmarkRenderBundle(b *testing.B) {
	for _, choice := range []struct{ name, cni, ingress string }{
		{"default", "", ""}, {"cilium+traefik", "cilium", "traefik"}, {"calico+traefik", "calico", "traefik"},
	} {
		b.Run(choice.name, func(b *testing.B) {
			file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: "1.36", CNI: choice.cni, Ingress: choice.ingress}}
			benchmarkPrepare(b, catalogue(b), []clusterfile.File{file})
		})
	}
}

// BenchmarkRenderAll renders every combination of every bundle.
func BenchmarkRenderAll(b *testing.B) {
	c := catalogue(b)
	var files []clusterfile.File
	for _, minor := range c.Minors() {
		for _, combo := range combination.Of(c, minor) {
			files = append(files, combo.File)
		}
	}
	benchmarkPrepare(b, c, files)
}

func benchmarkPrepare(b *testing.B, c *bundle.Catalogue, files []clusterfile.File) {
	b.ReportAllocs()
	cputime.Report(b, cputime.Self)
	for b.Loop() {
		for _, f := range files {
			if _, err := fitout.Prepare(c, f, nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}
