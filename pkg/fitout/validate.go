package fitout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/crd"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// validate checks everything rendered as the API server of the cluster's version would decode it, and the configuration in it
// that people edit as the program of the addon's version would, offline. The error is a strictyaml.Faults: what bundles render
// is tested, so that the fault is in a patch or a value of the user's, and stands where that stands. valid are the addons that
// were found to have none before; those that have none now are added.
func (p *Plan) validate(valid map[string]bool) error {
	keys := p.validationKeys()
	var unknown []render.Addon
	for i, a := range p.Rendering.Addons {
		if !valid[keys[i]] {
			unknown = append(unknown, a)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	definitions := slices.DeleteFunc(append(p.Rendering.Objects(), p.Rendering.Created()...), func(o *manifest.Object) bool { return !isDefinition(o) })
	faults := append(p.validateObjects(unknown, definitions), p.validateEdits(unknown)...)
	all, err := gather(faults.ErrorOrNil())
	if err != nil {
		return err
	}
	if len(all) == 0 {
		for _, key := range keys {
			valid[key] = true
		}
	}
	return all.ErrorOrNil()
}

func isDefinition(o *manifest.Object) bool { return o.GroupVersionKind().GroupKind() == crd.GroupKind }

// needs tells which objects are judged by definitions: those of their groups, and definitions themselves.
func needs(definitions []*manifest.Object) func(*manifest.Object) bool {
	groups := map[string]bool{crd.GroupKind.Group: true}
	for _, d := range definitions {
		group, _, _ := unstructured.NestedString(d.Object, "spec", "group")
		groups[group] = true
	}
	return func(o *manifest.Object) bool { return groups[o.GroupVersionKind().Group] }
}

// validationKeys name, for each addon, everything that its faults depend on: its objects, and the definitions of all.
func (p *Plan) validationKeys() []string {
	var definers, keys []string
	for _, a := range p.Rendering.Addons {
		if len(a.Created) > 0 || slices.ContainsFunc(a.Objects, isDefinition) {
			definers = append(definers, a.Digest)
		}
	}
	for _, a := range p.Rendering.Addons {
		keys = append(keys, strings.Join(append([]string{p.Cluster.KubernetesVersion, a.Name, a.Digest}, definers...), " "))
	}
	return keys
}

func (p *Plan) validateObjects(addons []render.Addon, definitions []*manifest.Object) strictyaml.Faults {
	var objects []*manifest.Object
	for _, a := range addons {
		objects = append(objects, a.Objects...)
	}
	if slices.ContainsFunc(objects, needs(definitions)) {
		objects = append(slices.DeleteFunc(objects, isDefinition), definitions...)
	}
	var faults strictyaml.Faults
	for _, f := range p.Rendering.API.Findings(objects) {
		o := objects[f.Object]
		faults = append(faults, p.blamed(o, f.Fault(o), func(o *manifest.Object) bool {
			alone := append([]*manifest.Object{o}, definitions...)
			return slices.ContainsFunc(p.Rendering.API.Findings(alone), func(other kubeapi.Finding) bool {
				return other.Object == 0 && other.Path == f.Path && other.Problem == f.Problem
			})
		}))
	}
	return faults
}

// validateEdits checks the fields that people edit as they are rendered, with values and patches.
func (p *Plan) validateEdits(addons []render.Addon) strictyaml.Faults {
	var faults strictyaml.Faults
	for _, a := range addons {
		for _, o := range a.Objects {
			for _, edit := range a.Edits {
				if !edit.Of(o.GetKind(), o.GetName()) {
					continue
				}
				for _, f := range validateEdit(a, edit, o) {
					faults = append(faults, p.blamed(o, f, func(o *manifest.Object) bool { return len(validateEdit(a, edit, o)) > 0 }))
				}
			}
		}
	}
	return faults
}

func validateEdit(a render.Addon, edit bundle.Edit, o *manifest.Object) strictyaml.Faults {
	text, _, _ := unstructured.NestedString(o.Object, edit.Path()...)
	at := fmt.Sprintf("%s: %s:", manifest.IDOf(o), edit.Field)
	s := serverOf(a, edit, o)
	found, err := edit.Table.Check(a.Version, text, s.container)
	if err != nil {
		return strictyaml.Faults{{Field: at, Problem: err.Error()}}
	}
	var faults strictyaml.Faults
	for _, f := range found {
		if f.Fatal && s.released {
			faults = append(faults, strictyaml.Fault{Field: at, Problem: fmt.Sprintf("line %d: %s %s", f.Line, f.Subject, f.Problem), Remedy: f.Remedy})
		}
	}
	return faults
}

// blamed returns the fault of a rendered object as one of the patch that has brought it, or else of the values that its addon
// was given. faulty reports whether the object has the fault in another state.
func (p *Plan) blamed(o *manifest.Object, fault strictyaml.Fault, faulty func(*manifest.Object) bool) strictyaml.Fault {
	cause := ""
	if i, ok := p.Rendering.PatchBehind(manifest.IDOf(o), faulty); ok {
		cause = fmt.Sprintf("patches[%d].patch", i)
	} else if name := o.GetLabels()[render.LabelAddon]; p.file.Addons[name].Values != nil {
		cause = fmt.Sprintf("addons.%s.values", name)
	}
	if cause == "" {
		return fault
	}
	found := strictyaml.Fault{Field: cause, Problem: strings.TrimSpace("leads to a fault: " + fault.Field + " " + fault.Problem), Remedy: fault.Remedy}
	return p.file.Place(found)
}
