package image

import (
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// A Rewritten is an image that an object names, and the place at which a mirror has it.
type Rewritten struct {
	Use
	Written string // what stands there now
	To      Reference
}

// Rewrite returns the objects with their images at the mirrors, and what was rewritten. Objects that name no such image are the
// same; the others are copies.
func Rewrite(objects []*manifest.Object, mirrors Mirrors) ([]*manifest.Object, []Rewritten) {
	out := make([]*manifest.Object, len(objects))
	var all []Rewritten
	for i, o := range objects {
		out[i] = o
		if len(mirrors) == 0 || o.GetKind() == "CustomResourceDefinition" || !mirrors.serveAny(o) {
			continue
		}
		out[i] = o.DeepCopy()
		walk(out[i], func(u Use, replace func(string)) {
			if to, elsewhere := mirrors.For(u.Reference); elsewhere {
				written := to.as(u.Text, u.Reference)
				replace(written)
				all = append(all, Rewritten{Use: u, Written: written, To: to})
			}
		})
	}
	return out, all
}

// as writes a reference as another one was written: without the tag latest where that one left it out.
func (r Reference) as(text string, was Reference) string {
	if was.Tag == "latest" && was.Digest == "" && !strings.HasSuffix(text, ":latest") {
		r.Tag = ""
	}
	return r.String()
}

func (m Mirrors) serveAny(o *manifest.Object) bool {
	found := false
	walk(o, func(u Use, _ func(string)) {
		_, elsewhere := m.For(u.Reference)
		found = found || elsewhere
	})
	return found
}
