package render

import (
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// An Image is an image that an object of an addon names.
type Image struct {
	image.Use                 // as it is without mirrors
	Addon     string          // whose object it is
	Pulled    image.Reference // where the objects say that it is pulled from
}

// Images are all images that the objects name, addon after addon.
func (r *Rendering) Images() []Image {
	type place struct {
		object     manifest.ID
		path, text string
	}
	before := map[place]image.Use{}
	for _, w := range r.Rewritten {
		before[place{w.Object, w.Path, w.Written}] = w.Use
	}
	var all []Image
	for _, a := range r.Addons {
		for _, use := range image.Find(a.Objects) {
			found := Image{Use: use, Addon: a.Name, Pulled: use.Reference}
			if original, rewritten := before[place{use.Object, use.Path, use.Text}]; rewritten {
				found.Use = original
			}
			all = append(all, found)
		}
	}
	return all
}
