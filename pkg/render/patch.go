package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	yamlv3 "go.yaml.in/yaml/v3"
	//lint:ignore SA1019 the package is to move in kustomize's API v1, of which there is no release; krusty is six times slower
	"sigs.k8s.io/kustomize/api/builtins"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// kustomize keeps the OpenAPI schema that it merges by in a global of the process.
var kustomize sync.Mutex

// patchAll applies kustomize patches, in order, to the objects of all addons. A patch may change and delete objects, not
// rename or add any. The error is a strictyaml.Faults that names each patch that cannot be applied or matches nothing.
func patchAll(addons []Addon, patches []clusterfile.Patch) error {
	if len(patches) == 0 {
		return nil
	}
	kustomize.Lock()
	defer kustomize.Unlock()
	factory := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory())
	var text bytes.Buffer
	owner := map[manifest.ID]int{}
	for i, a := range addons {
		for _, o := range a.Objects {
			owner[manifest.IDOf(o)] = i
		}
		if err := manifest.Write(&text, a.Objects); err != nil {
			return err
		}
	}
	all, err := factory.NewResMapFromBytes(text.Bytes())
	if err != nil {
		return err
	}
	var faults strictyaml.Faults
	for i, p := range patches {
		if err := applyPatch(factory, all, p); err != nil {
			faults = append(faults, strictyaml.Fault{Field: fmt.Sprintf("patches[%d]", i), Problem: "cannot be applied: " + err.Error(),
				Remedy: "fitout render shows the objects that there are"})
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return distribute(all, addons, owner)
}

func applyPatch(factory *resmap.Factory, all resmap.ResMap, p clusterfile.Patch) error {
	if err := checkPatch(p.Patch); err != nil {
		return err
	}
	var target *types.Selector
	if !p.Target.Empty() {
		target = selector(p.Target)
		selected, err := all.Select(*target)
		if err != nil {
			return err
		}
		if len(selected) == 0 {
			return fmt.Errorf("its target matches no object")
		}
	}
	config, err := json.Marshal(map[string]any{"patch": p.Patch, "target": target})
	if err != nil {
		return err
	}
	plugin := builtins.NewPatchTransformerPlugin()
	if err := plugin.Config(resmap.NewPluginHelpers(nil, nil, factory, nil), config); err != nil {
		return withoutPatch(err, p.Patch)
	}
	if err := plugin.Transform(all); err != nil {
		return withoutPatch(err, p.Patch)
	}
	return nil
}

func selector(t clusterfile.Target) *types.Selector {
	return &types.Selector{
		ResId: resid.ResId{
			Gvk: resid.Gvk{Group: t.Group, Version: t.Version, Kind: t.Kind}, Name: t.Name, Namespace: t.Namespace,
		},
		LabelSelector: t.LabelSelector,
	}
}

// checkPatch says where a patch cannot be read, and nothing of what it holds: that may be a password.
func checkPatch(patch string) error {
	var document yamlv3.Node
	if err := yamlv3.Unmarshal([]byte(patch), &document); err != nil {
		where := "somewhere"
		if at := position.FindString(err.Error()); at != "" {
			where = "at " + at + " of the patch"
		}
		return fmt.Errorf("it is not YAML: an error %s", where)
	}
	if len(document.Content) == 1 {
		if kind := document.Content[0].Kind; kind == yamlv3.MappingNode || kind == yamlv3.SequenceNode {
			return nil
		}
	}
	return errors.New("it is neither a partial object nor a list of operations")
}

var position = regexp.MustCompile(`line [0-9]+`)

// withoutPatch keeps an error to one line, and the patch out of it: kustomize repeats all of it in some of its own.
func withoutPatch(err error, patch string) error {
	text := err.Error()
	for _, whole := range []string{patch, strings.TrimSpace(patch)} {
		text = strings.ReplaceAll(text, whole, "(the patch)")
	}
	line, _, cut := strings.Cut(strings.TrimSpace(text), "\n")
	if !cut && text == err.Error() {
		return err
	}
	return errors.New(strictyaml.Clip(line))
}

// distribute gives the patched objects back to the addons that own them.
func distribute(all resmap.ResMap, addons []Addon, owner map[manifest.ID]int) error {
	text, err := all.AsYaml()
	if err != nil {
		return err
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
			return strictyaml.Faults{{Field: "patches", Problem: fmt.Sprintf("rename an object to %s", manifest.IDOf(o)), Remedy: "a patch may change or delete objects, not rename them"}}
		}
		addons[i].Objects = append(addons[i].Objects, o)
	}
	return nil
}
