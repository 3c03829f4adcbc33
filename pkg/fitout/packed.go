package fitout

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/artifact"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/imagelist"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// Pack returns everything that the cluster gets, to be carried and applied elsewhere, with the list of its images.
func (p *Plan) Pack(images *imagelist.List) (*artifact.Bundle, error) {
	var list bytes.Buffer
	if err := imagelist.JSON(&list, images); err != nil {
		return nil, err
	}
	b := &artifact.Bundle{Minor: p.Rendering.Bundle, Kubernetes: p.Cluster.KubernetesVersion, Digest: p.Rendering.Digest,
		External: p.External, Cluster: p.Cluster, Images: list.Bytes()}
	for _, a := range p.Rendering.Addons {
		b.Addons = append(b.Addons, artifact.Addon{Name: a.Name, Role: a.Role, Line: a.Line, Version: a.Version, Digest: a.Digest, Applied: a.Applied,
			Provides: a.Provides, Requires: a.Requires, Recreate: a.Recreate, Created: a.Created})
	}
	for _, w := range p.Waves {
		b.Waves = append(b.Waves, artifact.Wave{Name: w.Name, Objects: w.Objects})
	}
	return b, nil
}

// PreparePacked is the plan of a packed bundle for a running cluster: the objects are those of the bundle, byte for byte; the catalogue
// says how they are judged, where it knows their addons. The error is a strictyaml.Faults where the bundle is not for that cluster.
func PreparePacked(catalogue *bundle.Catalogue, b *artifact.Bundle, facts clusterfile.Facts) (*Plan, error) {
	file := clusterfile.File{Cluster: b.Cluster, Name: "the packed bundle"}
	if faults := facts.Contradictions(b.Cluster); faults != nil {
		return nil, faults
	}
	r := &render.Rendering{Bundle: b.Minor, Digest: b.Digest}
	if api, err := kubeapi.Load(b.Minor); err == nil {
		r.API = api
	}
	of := b.ObjectsByAddon()
	for _, a := range b.Addons {
		known, _ := catalogue.Addon(a.Name)
		known.Name, known.Role, known.Provides, known.Requires, known.Recreate = a.Name, a.Role, a.Provides, a.Requires, a.Recreate
		r.Addons = append(r.Addons, render.Addon{Addon: known, Line: a.Line, Version: a.Version, Digest: a.Digest, Applied: a.Applied, Objects: of[a.Name], Created: a.Created})
	}
	for _, o := range r.Objects() {
		if _, _, err := r.Kinds().Of(o); err != nil {
			return nil, fmt.Errorf("the packed bundle: %w", err)
		}
	}
	if r.API == nil {
		return nil, fmt.Errorf("this Fitout does not know Kubernetes %s, which the packed bundle is for; use the one that has packed it", b.Minor)
	}
	waves, err := wave.Plan(r, b.External)
	if err != nil {
		return nil, fmt.Errorf("the packed bundle: %w", err)
	}
	if err := sameWaves(waves, b.Waves); err != nil {
		return nil, err
	}
	known, _ := catalogue.Bundle(b.Minor)
	return &Plan{NodeNeeds: known.Nodes, External: b.External, Cluster: b.Cluster, Rendering: r, Waves: waves, Kinds: r.Kinds(),
		Roles: catalogue.Roles(), Addons: catalogue.Addons(), Providers: catalogue.Providers(), file: file, Warnings: facts.Warnings(b.Cluster)}, nil
}

// sameWaves refuses a bundle whose objects stand in other waves than this Fitout would apply them in.
func sameWaves(own []wave.Wave, packed []artifact.Wave) error {
	err := errors.New("the packed bundle orders its objects otherwise than this Fitout; use the one that has packed it")
	if len(own) != len(packed) {
		return err
	}
	for i, w := range own {
		if w.Name != packed[i].Name || len(w.Objects) != len(packed[i].Objects) {
			return err
		}
	}
	return nil
}
