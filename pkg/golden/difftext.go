package golden

import (
	"bytes"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/rogpeppe/go-internal/diff"
)

// Diff is the unified diff of all changes of addons, each once. Of objects that only get other labels of Fitout's, the number is
// told.
func (c *Comparison) Diff() string {
	var b strings.Builder
	said := map[string]bool{}
	for _, change := range c.Addons {
		if text := change.Diff(); !said[text] {
			said[text] = true
			b.WriteString(text)
		}
	}
	return b.String()
}

// Diff is the unified diff of one change.
func (c AddonChange) Diff() string {
	before, after := c.Before.objects(), c.After.objects()
	var b strings.Builder
	labels := 0
	for _, id := range ids(before, after) {
		old, fresh := before[id], after[id]
		switch {
		case bytes.Equal(yamlOf(old), yamlOf(fresh)):
		case old != nil && fresh != nil && bytes.Equal(yamlOf(plain(old)), yamlOf(plain(fresh))):
			labels++
		default:
			b.WriteString(objectDiff(c, id, old, fresh))
		}
	}
	if labels > 0 && c.Before != nil && c.After != nil {
		b.WriteString("# " + printable.Line(c.Name) + ": " + printable.Count(labels, "object") + " with other labels only\n")
	}
	return b.String()
}

func objectDiff(c AddonChange, id manifest.ID, old, fresh *manifest.Object) string {
	name := func(r *Rendering) string {
		if r == nil {
			return "none"
		}
		return printable.Line(r.File + " " + id.String())
	}
	text := diff.Diff(name(c.Before), yamlOf(old), name(c.After), yamlOf(fresh))
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line that names the command
	return printable.Text(string(text))
}

func (r *Rendering) objects() map[manifest.ID]*manifest.Object {
	all := map[manifest.ID]*manifest.Object{}
	if r == nil {
		return all
	}
	for _, o := range r.Objects {
		all[manifest.IDOf(o)] = o
	}
	return all
}

// ids are the objects of both sides, sorted.
func ids(before, after map[manifest.ID]*manifest.Object) []manifest.ID {
	var objects []*manifest.Object
	for _, o := range before {
		objects = append(objects, o)
	}
	for id, o := range after {
		if before[id] == nil {
			objects = append(objects, o)
		}
	}
	manifest.Sort(objects)
	var all []manifest.ID
	for _, o := range objects {
		all = append(all, manifest.IDOf(o))
	}
	return all
}

// plain is an object without the labels that change with every version.
func plain(o *manifest.Object) *manifest.Object {
	o = o.DeepCopy()
	labels := o.GetLabels()
	delete(labels, render.LabelVersion)
	delete(labels, render.LabelBundle)
	o.SetLabels(labels)
	return o
}

// yamlOf is an object as text; nothing of nil.
func yamlOf(o *manifest.Object) []byte {
	if o == nil {
		return nil
	}
	var out bytes.Buffer
	if err := manifest.Write(&out, []*manifest.Object{o}); err != nil {
		return []byte("# " + printable.Line(err.Error()) + "\n") // it was rendered, or read: it has a text
	}
	_, text, _ := bytes.Cut(out.Bytes(), []byte("\n")) // ---
	return text
}
