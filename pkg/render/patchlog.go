package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// patchLog is what patches have done, by their index in the cluster file.
type patchLog struct {
	steps   map[manifest.ID][]step
	deleted []deletion
	idle    []int // patches that have changed nothing
}

// A step is an object before and after a patch, as JSON.
type step struct {
	patch         int
	before, after []byte
}

type deletion struct {
	patch int
	id    manifest.ID
}

// note writes down what the patch at hand has made of an object that was before.
func (r *patchRun) note(id resid.ResId, before []byte) *strictyaml.Fault {
	after, err := r.text(id)
	if err != nil {
		return &strictyaml.Fault{Field: ".patch", Problem: "leaves " + describe(id) + " without valid JSON: " + reason(err), Remedy: oldBooleans}
	}
	key := manifest.ID{Group: id.Group, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
	switch {
	case after == nil:
		r.log.deleted = append(r.log.deleted, deletion{r.index, key})
	case sameObject(before, after):
		return nil
	default:
		r.log.steps[key] = append(r.log.steps[key], step{r.index, before, after})
	}
	r.effect = true
	return nil
}

// sameObject compares two objects as JSON, without kustomize's own annotations.
func sameObject(a, b []byte) bool {
	var both [2]unstructured.Unstructured
	for i, text := range [][]byte{a, b} {
		if json.Unmarshal(text, &both[i].Object) != nil {
			return false
		}
		annotations := both[i].GetAnnotations()
		maps.DeleteFunc(annotations, func(name, _ string) bool { return strings.HasPrefix(name, "internal.config.kubernetes.io/") })
		if both[i].SetAnnotations(annotations); len(annotations) == 0 {
			both[i].SetAnnotations(nil)
		}
	}
	return reflect.DeepEqual(both[0].Object, both[1].Object)
}

// warnings tell what patches have deleted, and which have changed nothing.
func (l *patchLog) warnings() []string {
	var all []string
	for _, d := range l.deleted {
		all = append(all, fmt.Sprintf("patches[%d] deletes %s", d.patch, d.id))
	}
	for _, i := range l.idle {
		all = append(all, fmt.Sprintf("patches[%d] changes nothing: its objects are like that without it", i))
	}
	return all
}

// emptied are the faults of addons of which patches have left nothing.
func (l *patchLog) emptied(addons []Addon, owner map[manifest.ID]int, before []int) strictyaml.Faults {
	var faults strictyaml.Faults
	for i, a := range addons {
		if before[i] == 0 || len(a.Objects) > 0 {
			continue
		}
		for _, d := range l.deleted {
			if owner[d.id] == i {
				faults = append(faults, strictyaml.Fault{Field: fmt.Sprintf("patches[%d].patch", d.patch), Problem: "deletes all objects of addon " + a.Name,
					Remedy: fmt.Sprintf("write addons.%s.enabled: false instead, which says that you bring your own", a.Name)})
				break
			}
		}
	}
	return faults
}

// PatchBehind returns the index of the patch in the cluster file after which an object has a fault that it did not have
// before; false if no patch has brought it.
func (r *Rendering) PatchBehind(id manifest.ID, faulty func(*manifest.Object) bool) (int, bool) {
	at := func(text []byte) bool {
		o := &manifest.Object{}
		return o.UnmarshalJSON(text) == nil && faulty(o)
	}
	for _, s := range r.patches.steps[id] {
		if !at(s.before) && at(s.after) {
			return s.patch, true
		}
	}
	return 0, false
}
