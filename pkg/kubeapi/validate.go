package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/crd"
	"github.com/fitout-dev/fitout/pkg/fieldrules"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// A Finding is a fault of one object, which Validate has no place for.
type Finding struct {
	Object          int    // index in the objects given
	Path            string // of the field; empty for the object
	Problem, Remedy string
}

// Validate checks objects as the API server of the snapshot's version does when it decodes them, and by the field rules of
// package fieldrules. Custom resources are checked by the definitions among the objects, whose own rules Validate takes for
// granted; see Check. The error is a strictyaml.Faults that names object, field and remedy, or nil. fileOf, if not nil,
// tells the file of an object for messages.
func (s *Snapshot) Validate(objects []*manifest.Object, fileOf func(*manifest.Object) string) error {
	var faults strictyaml.Faults
	for _, f := range s.Findings(objects) {
		o := objects[f.Object]
		fault := f.Fault(o)
		if fileOf != nil {
			fault.File = fileOf(o)
		}
		faults = append(faults, fault)
	}
	return faults.ErrorOrNil()
}

// Findings returns what Validate finds.
func (s *Snapshot) Findings(objects []*manifest.Object) []Finding { return s.check(objects, false) }

// Check is Findings with the rules for definitions too, which compile their CEL expressions: milliseconds each.
func (s *Snapshot) Check(objects []*manifest.Object) []Finding { return s.check(objects, true) }

// Fault returns the finding as a fault of the object it was found in.
func (f Finding) Fault(o *manifest.Object) strictyaml.Fault {
	return strictyaml.Fault{Field: strings.TrimSpace(label(o) + " " + f.Path), Problem: f.Problem, Remedy: f.Remedy}
}

// label names an object in messages.
func label(o *manifest.Object) string {
	id := manifest.IDOf(o)
	if id.Name == "" && o.GetGenerateName() != "" {
		id.Name = o.GetGenerateName() + "*"
	}
	return strings.TrimSpace(id.String())
}

func (s *Snapshot) check(objects []*manifest.Object, definitions bool) []Finding {
	v := &validation{snapshot: s, custom: crd.Kinds{}, definitions: definitions}
	for _, o := range objects {
		if o.GroupVersionKind().GroupKind() == crd.GroupKind {
			_ = v.custom.Define(o) // what cannot be decoded is reported with the object
		}
	}
	for i, o := range objects {
		v.at = i
		v.object(o)
	}
	return v.findings
}

// validation is the work on one set of objects.
type validation struct {
	snapshot    *Snapshot
	custom      crd.Kinds
	definitions bool
	findings    []Finding
	at          int // index of the object at hand
}

func (v *validation) fault(path, problem, remedy string) {
	v.findings = append(v.findings, Finding{v.at, path, problem, remedy})
}

func (v *validation) object(o *manifest.Object) {
	gvk := o.GroupVersionKind()
	if kind, ok := v.snapshot.byKind[gvk]; ok {
		v.builtIn(o, kind)
	} else if kind, ok := v.custom[gvk]; ok {
		v.customResource(o, kind)
	} else {
		problem, remedy := v.notServed(gvk)
		v.fault("", problem, remedy)
	}
}

// builtIn decodes an object and, unless that fails, applies the rules for its fields.
func (v *validation) builtIn(o *manifest.Object, kind Kind) {
	before := len(v.findings)
	d := decoder{snapshot: v.snapshot, fault: v.fault, secret: o.GetKind() == "Secret"}
	d.value(Ref("#"+kind.Type), o.Object, "")
	isDefinition := o.GroupVersionKind().GroupKind() == crd.GroupKind
	if slices.ContainsFunc(v.findings[before:], func(f Finding) bool { return f.Problem != missing }) {
		return
	}
	var faults field.ErrorList
	var err error
	switch {
	case isDefinition && v.definitions:
		faults, err = crd.Validate(context.Background(), o)
	case !isDefinition:
		faults, err = fieldrules.Validate(o, kind.Namespaced, v.snapshot.Version)
	}
	if err != nil {
		v.fault("", "cannot be decoded: "+printable.OneLine(err.Error()), "correct the field")
	}
	v.report(faults, before)
}

// report adds faults of fields that have none yet.
func (v *validation) report(faults field.ErrorList, since int) {
	known := map[string]bool{}
	for _, f := range v.findings[since:] {
		known[f.Path] = true
	}
	for _, fault := range faults {
		path := fault.Field
		if path == "<nil>" {
			path = ""
		}
		if !known[path] || fault.Type != field.ErrorTypeRequired {
			problem, remedy := explain(fault)
			v.fault(path, problem, remedy)
		}
	}
}

// customResource decodes an object by its definition and applies the definition's rules.
func (v *validation) customResource(o *manifest.Object, kind *crd.Kind) {
	before := len(v.findings)
	content, unknown, err := kind.Decode(o)
	for _, path := range unknown {
		v.fault(path, "is not a field of "+o.GetKind()+" "+o.GetAPIVersion(), "remove it, or correct its name")
	}
	if err != nil {
		var fault *field.Error
		if errors.As(err, &fault) {
			v.report(field.ErrorList{fault}, before)
		} else {
			v.fault("metadata", "cannot be decoded: "+printable.OneLine(err.Error()), "correct the field")
		}
		return
	}
	v.report(kind.Validate(context.Background(), content), before)
}

// notServed says that a kind is not served as it is written, and what to do.
func (v *validation) notServed(gvk schema.GroupVersionKind) (problem, remedy string) {
	problem = fmt.Sprintf("is written as %s, which Kubernetes %s does not serve", gvk.GroupVersion(), v.snapshot.Version)
	var forms []string
	for _, k := range v.snapshot.Kinds {
		if k.Kind == gvk.Kind {
			forms = append(forms, schema.GroupVersion{Group: k.Group, Version: k.Version}.String())
		}
	}
	for custom := range v.custom {
		if custom.Kind == gvk.Kind {
			forms = append(forms, custom.GroupVersion().String())
		}
	}
	slices.Sort(forms)
	if end := ended(gvk); end != "" {
		problem += end
	}
	switch {
	case len(forms) > 0:
		return problem, "write it as " + strings.Join(forms, " or ")
	case successors[gvk.Kind] != "":
		return problem, successors[gvk.Kind]
	}
	return problem, "correct the kind, or give its CustomResourceDefinition too"
}

// SchemaOnly returns the built-in kinds among objects that have no rules beyond their schema and metadata here, sorted.
func (s *Snapshot) SchemaOnly(objects []*manifest.Object) []string {
	kinds := map[string]bool{}
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		if _, builtIn := s.byKind[gvk]; builtIn && gvk.GroupKind() != crd.GroupKind && !fieldrules.Covers(gvk) {
			kinds[gvk.Kind] = true
		}
	}
	return slices.Sorted(maps.Keys(kinds))
}

// Deprecated tells which objects are written in a form that the API server of the snapshot's version serves and a later
// one does not.
func (s *Snapshot) Deprecated(objects []*manifest.Object, later *Snapshot) []string {
	var all []string
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		_, now := s.byKind[gvk]
		if _, then := later.byKind[gvk]; now && !then {
			all = append(all, fmt.Sprintf("%s is written as %s, which Kubernetes %s no longer serves", label(o), gvk.GroupVersion(), later.Version))
		}
	}
	return all
}
