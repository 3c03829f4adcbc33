package fitout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/artifact"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/imagelist"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

// packedOf packs a plan and reads it again.
func packedOf(t *testing.T, p *fitout.Plan) *artifact.Bundle {
	t.Helper()
	b, err := p.Pack(&imagelist.List{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := b.Files()
	if err != nil {
		t.Fatal(err)
	}
	read, err := artifact.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// The plan of a packed bundle is the plan that was packed: the same objects in the same waves, with the same digests, addons and checks.
func TestPreparePacked(t *testing.T) {
	facts := clusterfile.Facts{KubernetesVersion: "v1.36.4", Server: "https://192.0.2.10:6443"}
	for _, set := range []func(*clusterfile.Cluster){
		func(c *clusterfile.Cluster) { c.CNI = "flannel" },
		func(c *clusterfile.Cluster) { c.CNI, c.Ingress = "calico", "traefik" },
		func(c *clusterfile.Cluster) { c.Registries = []clusterfile.Registry{{Mirror: "m.example/all"}} },
	} {
		var file clusterfile.File
		set(&file.Cluster)
		want, err := fitout.Prepare(catalogue(t), file, &facts, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fitout.PreparePacked(catalogue(t), packedOf(t, want), facts)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rendering.Digest != want.Rendering.Digest || len(got.Waves) != len(want.Waves) || !cmp.Equal(got.Cluster, want.Cluster) || len(got.Checks()) != len(want.Checks()) {
			t.Errorf("digest %s, %d waves, %d checks; want %s, %d, %d\n%s", got.Rendering.Digest, len(got.Waves), len(got.Checks()), want.Rendering.Digest, len(want.Waves), len(want.Checks()), cmp.Diff(want.Cluster, got.Cluster))
		}
		for i, w := range want.Waves {
			before, err := manifest.Digest(w.Objects)
			if err != nil {
				t.Fatal(err)
			}
			if after, err := manifest.Digest(got.Waves[i].Objects); err != nil || after != before || got.Waves[i].Name != w.Name {
				t.Errorf("wave %s: %s, want %s: %v", w.Name, after, before, err)
			}
		}
		if diff := cmp.Diff(want.Roles, got.Roles); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPackedForAnotherCluster(t *testing.T) {
	p, err := fitout.Prepare(catalogue(t), clusterfile.File{}, &clusterfile.Facts{KubernetesVersion: "v1.36.4", Server: "https://192.0.2.10:6443"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := packedOf(t, p)
	var faults strictyaml.Faults
	if _, err := fitout.PreparePacked(catalogue(t), b, clusterfile.Facts{KubernetesVersion: "v1.35.1", KubernetesService: "10.9.0.1"}); !errors.As(err, &faults) || len(faults) != 2 {
		t.Errorf("a bundle for another minor and another Service range: %v", err)
	}
	b.Waves[0].Name = "another"
	if _, err := fitout.PreparePacked(catalogue(t), b, clusterfile.Facts{KubernetesVersion: "v1.36.4"}); err == nil || !strings.Contains(err.Error(), "use the one that has packed it") {
		t.Errorf("another order: %v", err)
	}
}
