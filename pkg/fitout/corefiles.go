package fitout

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/corefile"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// An editing brings what people have added to the live objects of an addon into the rendered ones.
type editing struct {
	addon      render.Addon
	policy     changeset.Policy
	serverSide bool // the server tracks who set a field
}

// An edited is a rendered object with what is kept of the live one.
type edited struct {
	object  *manifest.Object
	notes   []string // what is kept, what goes, what to look at
	refused []string // why the object must not be applied
}

// merge brings the live object's edits into the rendered one, which stays as it is where that is refused.
func (e editing) merge(o, live *manifest.Object) edited {
	out := e.scaled(o, live)
	for _, edit := range e.addon.Edits {
		if live == nil || !edit.Of(o.GetKind(), o.GetName()) {
			continue
		}
		f := edition{editing: e, edit: edit, wanted: out.object, live: live}
		f.ours, _, _ = unstructured.NestedString(out.object.Object, edit.Path()...)
		f.theirs, _, _ = unstructured.NestedString(live.Object, edit.Path()...)
		if text := f.text(); text != f.ours && len(f.refused) == 0 {
			merged := out.object.DeepCopy()
			if err := unstructured.SetNestedField(merged.Object, text, edit.Path()...); err != nil {
				f.refuse(fmt.Sprintf("%v; render it as a map of texts", err))
			} else {
				out.object = merged
			}
		}
		out.notes, out.refused = append(out.notes, f.notes...), append(out.refused, f.refused...)
	}
	return out
}

// scaled leaves the number of replicas to an autoscaler that has set it to another one, unless the fields of others are taken over.
func (e editing) scaled(o, live *manifest.Object) edited {
	wanted, wants, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "replicas")
	if live == nil || !wants || e.policy == changeset.TakeOver {
		return edited{object: o}
	}
	is, _, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", "replicas")
	scaler := fieldowner.Autoscaler(live)
	if scaler == "" || fmt.Sprint(is) == fmt.Sprint(wanted) {
		return edited{object: o}
	}
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "spec", "replicas")
	note := fmt.Sprintf("kept in %s: spec.replicas is %v, set by an autoscaler (%s); Fitout sets %v with --conflicts take-over", manifest.IDOf(o), is, scaler, wanted)
	return edited{object: o, notes: []string{note}}
}

// An edition is one field on its way from the live object into the rendered one.
type edition struct {
	editing
	edit           bundle.Edit
	wanted, live   *manifest.Object
	ours, theirs   string
	notes, refused []string
}

func (f *edition) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// refuse says why, and what to do other than to mend it.
func (f *edition) refuse(problem string) {
	f.refused = append(f.refused, fmt.Sprintf("%s: %s; or --conflicts %s=take-over puts the bundle's in its place", f.edit.Field, problem, f.addon.Name))
}

// text returns what the field is to be.
func (f *edition) text() string {
	f.migrate()
	merged, err := corefile.Merge(f.ours, f.theirs)
	var leaveOut []corefile.Fault
	if mixed := (*corefile.MixedError)(nil); errors.As(err, &mixed) && f.policy == changeset.TakeOver {
		leaveOut = mixed.Faults
		merged, err = corefile.Merge(f.ours, f.theirs, leaveOut...)
	}
	if err != nil {
		if f.policy != changeset.TakeOver {
			f.refuse(err.Error())
			return f.ours
		}
		f.note("taken over in %s: %v", manifest.IDOf(f.wanted), err)
		f.goes(f.ours)
		return f.ours
	}
	whole := f.ofOthers()
	fatal := f.faults(func(fault corefile.Fault) bool {
		return whole && f.policy == changeset.Leave || slices.ContainsFunc(merged.Kept, func(k corefile.Kept) bool { return k.Holds(fault.Line) })
	})
	if f.policy == changeset.TakeOver && (len(leaveOut)+len(fatal) > 0 || whole) {
		if merged, err = corefile.Merge(f.ours, f.theirs, append(leaveOut, fatal...)...); err != nil {
			f.refuse(err.Error())
			return f.ours
		}
		f.goes(merged.Text)
	}
	if len(f.refused) > 0 {
		return f.ours
	}
	for i, k := range merged.Kept {
		if i == mostNotes {
			f.note("kept in %s: %d more", manifest.IDOf(f.wanted), len(merged.Kept)-i)
			break
		}
		f.note("kept in %s: %s", manifest.IDOf(f.wanted), k.Name)
	}
	return merged.Text
}

// mostNotes bounds what is told one by one of a Corefile, which somebody else may have written.
const mostNotes = 50

// migrate writes those lines of the live field that stay, and with which the version does not start, for it, and says which.
func (f *edition) migrate() {
	merged, err := corefile.Merge(f.ours, f.theirs)
	s := serverOf(f.addon, f.edit, f.wanted, f.live)
	if err != nil || !s.released || f.policy == changeset.TakeOver || f.policy == changeset.Leave && f.ofOthers() {
		return // their text goes, or stays whole
	}
	text, migrations, err := f.edit.Table.Migrate(f.addon.Version, f.theirs, s.container, func(fault corefile.Fault) bool {
		return slices.ContainsFunc(merged.Kept, func(k corefile.Kept) bool { return k.Holds(fault.Line) })
	})
	if err != nil {
		return // what cannot be read is refused below
	}
	for _, m := range migrations {
		becomes := "+ " + m.Becomes
		if m.Becomes == "" {
			becomes = "the line goes"
		}
		f.note("migrated in %s: %s line %d: - %s; %s: %s %s", manifest.IDOf(f.wanted), f.edit.Field, m.Fault.Line, m.Was, becomes, m.Fault.Subject, m.Fault.Problem)
	}
	f.theirs = text
}

// ofOthers reports whether somebody else has set the field to something else.
func (f *edition) ofOthers() bool {
	return slices.Contains(fieldowner.Others(f.wanted, f.live, f.serverSide), f.edit.Field)
}

// goes notes each line of the live field that a text does not have.
func (f *edition) goes(text string) {
	for _, line := range corefile.Lost(text, f.theirs) {
		f.note("taken over in %s: %s", manifest.IDOf(f.wanted), line)
	}
}

// faults checks those lines of the live field that stay. It returns those that the server would not start with, having
// refused them, unless they are taken over; the others are notes.
func (f *edition) faults(stays func(corefile.Fault) bool) []corefile.Fault {
	s := serverOf(f.addon, f.edit, f.wanted, f.live)
	all, err := f.edit.Table.Check(f.addon.Version, f.theirs, s.container)
	if err != nil {
		f.refuse(err.Error())
		return nil
	}
	var fatal []corefile.Fault
	for _, fault := range all {
		switch {
		case !stays(fault):
		case !fault.Fatal || !s.released:
			f.note("%s: %s: %s", manifest.IDOf(f.wanted), f.edit.Field, fault)
		default:
			if fatal = append(fatal, fault); f.policy != changeset.TakeOver {
				f.refuse(fault.String())
			}
		}
	}
	return fatal
}
