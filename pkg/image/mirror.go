package image

import (
	"cmp"
	"slices"
	"strings"
)

// Layouts of a mirror that holds the images of every registry.
const (
	Prefix    = "prefix"    // mirror/registry.k8s.io/coredns/coredns: no two images meet
	Flattened = "flattened" // mirror/coredns/coredns
)

// A Mirror is where images are pulled from instead of their own registry.
type Mirror struct {
	Source string // registry, with a path if any: registry.k8s.io; "" for every registry
	Target string // registry.example.com/mirror
	Layout string // of a mirror of every registry
}

func (m Mirror) String() string {
	switch {
	case m.Source != "":
		return m.Source + " from " + m.Target
	case m.Layout == Flattened:
		return "all from " + m.Target + ", flattened"
	}
	return "all from " + m.Target
}

// Mirrors are the mirrors of a cluster. Of those whose source an image has, the longest source counts.
type Mirrors []Mirror

// For returns the reference at which the mirrors have an image, and whether they have it at another place than its own. What is
// at one of their targets already stays there.
func (m Mirrors) For(r Reference) (Reference, bool) {
	best, found := Mirror{}, false
	for _, mirror := range m {
		if within(r.Repository(), mirror.Target) {
			return r, false
		}
		if mirror.serves(r) && (!found || len(mirror.source()) > len(best.source())) {
			best, found = mirror, true
		}
	}
	if !found {
		return r, false
	}
	out := r
	out.Registry, out.Path, _ = strings.Cut(best.Target+"/"+best.rest(r), "/")
	return out, true
}

// source is the source in the form of a Reference: index.docker.io is another name of docker.io.
func (m Mirror) source() string {
	if m.Source == "index.docker.io" || strings.HasPrefix(m.Source, "index.docker.io/") {
		return strings.TrimPrefix(m.Source, "index.")
	}
	return m.Source
}

func (m Mirror) serves(r Reference) bool { return m.Source == "" || within(r.Repository(), m.source()) }

// rest is an image's path below the target.
func (m Mirror) rest(r Reference) string {
	switch {
	case m.Source != "":
		rest := strings.TrimPrefix(strings.TrimPrefix(r.Repository(), m.source()), "/")
		if rest == "" { // the source is the image itself
			return r.Path[strings.LastIndexByte(r.Path, '/')+1:]
		}
		return rest
	case m.Layout == Flattened:
		return r.Path
	}
	// A colon may stand in the name of a registry, but not in a path.
	return strings.ReplaceAll(r.Registry, ":", "_") + "/" + r.Path
}

// within reports whether a repository is a folder or lies below it.
func within(repository, folder string) bool {
	return repository == folder || strings.HasPrefix(repository, folder+"/")
}

// Collisions are the images that the mirrors would put at the same place although they come from different ones, in order.
func (m Mirrors) Collisions(all []Reference) [][2]Reference {
	from := map[string]Reference{}
	var found [][2]Reference
	for _, r := range all {
		to, _ := m.For(r)
		if other, taken := from[to.String()]; taken && other != r {
			found = append(found, [2]Reference{other, r})
			continue
		}
		from[to.String()] = r
	}
	slices.SortFunc(found, func(a, b [2]Reference) int {
		return cmp.Or(cmp.Compare(a[0].String(), b[0].String()), cmp.Compare(a[1].String(), b[1].String()))
	})
	return found
}
