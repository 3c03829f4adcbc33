package render

import (
	"encoding/json"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"
)

// applyOperations applies a JSON6902 patch to every object of its target.
func (r *patchRun) applyOperations(operations []any) *strictyaml.Fault {
	selected, fault := r.targeted()
	if fault != nil {
		return fault
	}
	list, err := yaml.YAMLToJSON([]byte(r.patch.Patch))
	if err != nil {
		return &strictyaml.Fault{Field: ".patch", Problem: unreadable(err).Error(), Remedy: "correct it"}
	}
	for _, id := range selected {
		for _, p := range touched(operations) {
			if fault := forbidden(p, id); fault != nil {
				return fault
			}
		}
		before, err := r.text(id)
		if err == nil {
			err = r.transform(id, string(list))
		}
		if err != nil {
			return failedOperation(id, before, list)
		}
		if fault := r.renamed(); fault != nil {
			return fault
		}
		if fault := r.note(id, before); fault != nil {
			return fault
		}
	}
	return nil
}

// text returns the object of an ID as JSON; nil if there is none any more.
func (r *patchRun) text(id resid.ResId) ([]byte, error) {
	for _, o := range r.all.Resources() {
		if gvk := o.GetGvk(); gvk.Equals(id.Gvk) && o.GetName() == id.Name && o.GetNamespace() == id.Namespace {
			return o.MarshalJSON()
		}
	}
	return nil, nil
}

// failedOperation is the fault of a list of operations that does not apply to an object: it names the first one that fails.
func failedOperation(id resid.ResId, before, list []byte) *strictyaml.Fault {
	fault := &strictyaml.Fault{Field: ".patch", Problem: "does not apply to " + describe(id), Remedy: "fitout render shows the object"}
	var all []json.RawMessage
	if json.Unmarshal(list, &all) != nil {
		return fault
	}
	for i := range all {
		one, err := json.Marshal(all[:i+1])
		if err != nil {
			return fault
		}
		patch, err := jsonpatch.DecodePatch(one)
		if err != nil {
			return fault
		}
		if _, err := patch.Apply(before); err == nil {
			continue
		}
		path, _ := patch[i].Path()
		what := fmt.Sprintf("has an operation %d (%s %s) that does not apply to %s", i+1, patch[i].Kind(), strictyaml.Clip(path), describe(id))
		if patch[i].Kind() == "test" {
			return &strictyaml.Fault{Field: ".patch", Problem: what + ": the value there is another", Remedy: "fitout render shows the object"}
		}
		return &strictyaml.Fault{Field: ".patch", Problem: what + ": the object has no such path",
			Remedy: "correct the path, or use add for a field that is not there; fitout render shows the object"}
	}
	return fault
}

// renamed reports an object that is no addon's: its name, namespace or type was changed.
func (r *patchRun) renamed() *strictyaml.Fault {
	for _, o := range r.all.Resources() {
		gvk := o.GetGvk()
		id := manifest.ID{Group: gvk.Group, Kind: gvk.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}
		if _, ok := r.owner[id]; !ok {
			return &strictyaml.Fault{Field: ".patch", Problem: fmt.Sprintf("changes an object into %s", id),
				Remedy: immutable}
		}
	}
	return nil
}
