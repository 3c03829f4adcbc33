package render

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// mirror lets images come from the mirrors of a cluster. It comes after the digests, which are the same for every mirror.
func (r *Rendering) mirror(c clusterfile.Cluster) error {
	r.Mirrors, r.NodeMirrors = mirrorsOf(c)
	if len(r.Mirrors) == 0 {
		return nil
	}
	if err := collisions(r.Mirrors, r.Objects()); err != nil {
		return err
	}
	for i := range r.Addons {
		a := &r.Addons[i]
		objects, rewritten := image.Rewrite(a.Objects, r.Mirrors)
		if len(rewritten) == 0 {
			continue
		}
		for _, w := range rewritten {
			if w.Mention {
				r.Warnings = append(r.Warnings, fmt.Sprintf("%s: %s is %s, and is rewritten to the mirror's %s like the images of containers", w.Object, w.Path, w.Text, w.To))
			}
		}
		var err error
		if a.Applied, err = manifest.Digest(objects); err != nil {
			return err
		}
		a.Objects, r.Rewritten = objects, append(r.Rewritten, rewritten...)
	}
	return nil
}

// mirrorsOf are the mirrors that objects name, and those that nodes are told of.
func mirrorsOf(c clusterfile.Cluster) (objects, nodes image.Mirrors) {
	if c.ImageRegistry != "" {
		objects = append(objects, image.Mirror{Target: c.ImageRegistry, Layout: image.Flattened})
	}
	for _, r := range c.Registries {
		mirror := image.Mirror{Source: r.Source, Target: r.Mirror, Layout: r.Layout}
		if r.At == clusterfile.AtNodes {
			nodes = append(nodes, mirror)
		} else {
			objects = append(objects, mirror)
		}
	}
	return objects, nodes
}

// collisions are faults of mirrors that would put different images at the same place.
func collisions(mirrors image.Mirrors, objects []*manifest.Object) error {
	var all []image.Reference
	for _, u := range image.Find(objects) {
		all = append(all, u.Reference)
	}
	var faults strictyaml.Faults
	for _, pair := range mirrors.Collisions(all) {
		to, _ := mirrors.For(pair[0])
		faults = append(faults, strictyaml.Fault{Field: "registries", Problem: fmt.Sprintf("put both %s and %s at %s", pair[0], pair[1], to),
			Remedy: "give layout: prefix, or each registry a mirror of its own"})
	}
	return faults.ErrorOrNil()
}
