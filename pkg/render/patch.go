package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	//lint:ignore SA1019 the package is to move in kustomize's API v1, of which there is no release; krusty is six times slower
	"sigs.k8s.io/kustomize/api/builtins"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// kustomize keeps the OpenAPI schema that it merges by in a global of the process.
var kustomize sync.Mutex

// oldBooleans is the remedy for keys that JSON does not have.
const oldBooleans = "use no keys that older YAML reads as booleans (y, n, on, off)"

// patchAll applies kustomize patches, in order, to the objects of all addons. A patch may change and delete objects, not
// rename or add any. The error is a strictyaml.Faults that names each patch that cannot be applied, matches nothing, or says
// something that would have no effect.
func patchAll(addons []Addon, patches []clusterfile.Patch) (*patchLog, error) {
	log := &patchLog{steps: map[manifest.ID][]step{}}
	if len(patches) == 0 {
		return log, nil
	}
	kustomize.Lock()
	defer kustomize.Unlock()
	factory := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory())
	var text bytes.Buffer
	owner, before := map[manifest.ID]int{}, make([]int, len(addons))
	for i, a := range addons {
		before[i] = len(a.Objects)
		for _, o := range a.Objects {
			owner[manifest.IDOf(o)] = i
		}
		if err := manifest.Write(&text, a.Objects); err != nil {
			return nil, err
		}
	}
	all, err := factory.NewResMapFromBytes(text.Bytes())
	if err != nil {
		return nil, err
	}
	var faults strictyaml.Faults
	for i, p := range patches {
		run := patchRun{factory: factory, all: all, owner: owner, patch: p, index: i, log: log}
		if fault := run.apply(); fault != nil {
			fault.Field = fmt.Sprintf("patches[%d]%s", i, fault.Field)
			faults = append(faults, *fault)
		} else if !run.effect {
			log.idle = append(log.idle, i)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if err := distribute(all, addons, owner); err != nil {
		return nil, err
	}
	return log, log.emptied(addons, owner, before).ErrorOrNil()
}

// patchRun is one patch on its way to the objects that it is for.
type patchRun struct {
	factory *resmap.Factory
	all     resmap.ResMap
	owner   map[manifest.ID]int
	patch   clusterfile.Patch
	index   int
	log     *patchLog
	effect  bool // it has changed or deleted an object
}

// apply applies the patch. A fault's field is below the patch's own (.target, .patch).
func (r *patchRun) apply() *strictyaml.Fault {
	documents, fault := readPatch(r.patch)
	if fault != nil {
		return fault
	}
	if operations, isList := documents[0].([]any); isList {
		return r.applyOperations(operations)
	}
	for _, document := range documents {
		if fault := r.merge(document.(map[string]any)); fault != nil {
			return fault
		}
	}
	return nil
}

// merge merges a partial object into the objects that it is for.
func (r *patchRun) merge(document map[string]any) *strictyaml.Fault {
	selected, fault := r.objects(document)
	if fault != nil {
		return fault
	}
	for _, id := range selected {
		if fault := forbidden(document, id); fault != nil {
			return fault
		}
		before, err := r.text(id)
		if err == nil {
			err = r.transform(id, completed(document, id))
		}
		if err != nil {
			return &strictyaml.Fault{Field: ".patch", Problem: fmt.Sprintf("cannot be merged into %s: %v", describe(id), reason(err)),
				Remedy: "fitout render shows the object"}
		}
		if fault := r.note(id, before); fault != nil {
			return fault
		}
	}
	return nil
}

// objects are the objects that a strategic merge patch is for: those of its target, or the one that it names.
func (r *patchRun) objects(document map[string]any) ([]resid.ResId, *strictyaml.Fault) {
	if r.patch.Target.Empty() {
		return r.named(document)
	}
	return r.targeted()
}

// completed is a partial object with the type and the name of the object that it is for, as text.
func completed(document map[string]any, id resid.ResId) string {
	out := maps.Clone(document)
	metadata, _ := out["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["name"] = id.Name
	if id.Namespace != "" {
		metadata["namespace"] = id.Namespace
	}
	out["apiVersion"], out["kind"], out["metadata"] = id.ApiVersion(), id.Kind, metadata
	text, err := json.Marshal(out)
	if err != nil {
		panic("patch: " + err.Error()) // it was read from JSON
	}
	return string(text)
}

// transform lets kustomize apply the text of a patch to one object.
func (r *patchRun) transform(id resid.ResId, text string) error {
	exact := &types.Selector{ResId: resid.ResId{
		Gvk:  resid.Gvk{Group: regexp.QuoteMeta(id.Group), Version: regexp.QuoteMeta(id.Version), Kind: regexp.QuoteMeta(id.Kind)},
		Name: regexp.QuoteMeta(id.Name), Namespace: regexp.QuoteMeta(id.Namespace),
	}}
	config, err := json.Marshal(map[string]any{"patch": text, "target": exact})
	if err != nil {
		return err
	}
	plugin := builtins.NewPatchTransformerPlugin()
	if err := plugin.Config(resmap.NewPluginHelpers(nil, nil, r.factory, nil), config); err != nil {
		return err
	}
	return plugin.Transform(r.all)
}

// reason is kustomize's own error in one short line, without the values that it repeats: those may be passwords.
func reason(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	line, _, _ = strings.Cut(line, ": value")
	return strictyaml.Clip(line)
}

// distribute gives the patched objects back to the addons that own them.
func distribute(all resmap.ResMap, addons []Addon, owner map[manifest.ID]int) error {
	all.RemoveBuildAnnotations() // kustomize's own notes of what an object was before a patch
	text, err := all.AsYaml()
	if err != nil {
		return strictyaml.Faults{{Field: "patches", Problem: "leave an object that is not valid JSON: " + reason(err),
			Remedy: oldBooleans}}
	}
	objects, err := manifest.Parse("patched objects", text)
	if err != nil {
		return err
	}
	for i := range addons {
		addons[i].Objects = nil
	}
	for _, o := range objects {
		i, ok := owner[manifest.IDOf(o)]
		if !ok {
			return fmt.Errorf("patches: %s is not an object of any addon", manifest.IDOf(o)) // each patch was checked for it
		}
		addons[i].Objects = append(addons[i].Objects, o)
	}
	return nil
}
