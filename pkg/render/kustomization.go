package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// kustomizationFiles are the names of a kustomization.
var kustomizationFiles = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// kustomizationFields are the fields that a kustomization may have; they need nothing but the folder.
var kustomizationFields = []string{
	"apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations", "resources", "components", "bases",
	"patches", "patchesStrategicMerge", "patchesJson6902", "images", "replicas", "configMapGenerator", "generatorOptions", "replacements", "configurations", "sortOptions", "buildMetadata",
}

// refusedFields says why others are refused.
var refusedFields = map[string]string{
	"generators": "runs programs", "transformers": "runs programs", "validators": "runs programs", "helmCharts": "runs helm and fetches charts; name the chart with helm in the bundle",
	"helmGlobals": "runs helm", "helmChartInflationGenerator": "runs helm", "secretGenerator": "makes Secrets with contents; make them another way", "openapi": "changes the schema of all others",
	"crds": "changes the schema of all others", "vars": "is deprecated; use replacements",
}

// kustomized builds a kustomization. It sees its own folder and nothing else: no remote bases, no programs.
func kustomized(files fs.FS) ([]*manifest.Object, error) {
	memory := filesys.MakeFsInMemory()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if slices.Contains(kustomizationFiles, path.Base(name)) {
			if err := closed(files, name, text); err != nil {
				return err
			}
		}
		return memory.WriteFile("/"+name, text)
	})
	if err != nil {
		return nil, err
	}
	kustomize.Lock()
	defer kustomize.Unlock()
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions, options.PluginConfig = types.LoadRestrictionsRootOnly, types.DisabledPluginConfig()
	built, err := krusty.MakeKustomizer(options).Run(memory, "/")
	if err != nil {
		return nil, fmt.Errorf("kustomize: %s", printable.Cut(printable.OneLine(err.Error()), 400))
	}
	text, err := built.AsYaml()
	if err != nil {
		return nil, err
	}
	return manifest.Parse("kustomization", text)
}

// closed refuses a kustomization that needs more than the files of its folder.
func closed(files fs.FS, name string, text []byte) error {
	fields := map[string]any{}
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var errs []error
	for field, value := range fields {
		if why, refused := refusedFields[field]; refused {
			errs = append(errs, fmt.Errorf("%s: %s %s", name, field, why))
			continue
		}
		if !slices.Contains(kustomizationFields, field) {
			errs = append(errs, fmt.Errorf("%s: %s is not a field that is taken; use %s", name, field, strings.Join(kustomizationFields, ", ")))
			continue
		}
		for _, file := range paths(field, value) {
			if err := present(files, path.Dir(name), file); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", name, field, err))
			}
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// present refuses what is not a file or a folder beside the kustomization.
func present(files fs.FS, folder, file string) error {
	at := path.Join(folder, file)
	if strings.ContainsAny(file, ":\n") || path.IsAbs(file) || !fs.ValidPath(at) {
		return fmt.Errorf("%s is not in the folder of the addon, and nothing is fetched; copy it there", strictyaml.Clip(file))
	}
	if _, err := fs.Stat(files, at); err != nil {
		return fmt.Errorf("%s is not there; copy it into the folder of the addon: nothing is fetched", strictyaml.Clip(file))
	}
	return nil
}

// paths are the files and folders that a field of a kustomization names.
func paths(field string, value any) []string {
	var all []string
	list, _ := value.([]any)
	for _, e := range list {
		entry, _ := e.(map[string]any)
		switch text, isText := e.(string); {
		case isText && field == "patchesStrategicMerge" && strings.Contains(text, "\n"): // a patch, written out
		case isText && field != "buildMetadata":
			all = append(all, text)
		case field == "configMapGenerator":
			all = append(all, generatorFiles(entry)...)
		default:
			if file, _ := entry["path"].(string); file != "" {
				all = append(all, file)
			}
		}
	}
	return all
}

// generatorFiles are the files that a generator of ConfigMaps reads: [key=]file.
func generatorFiles(entry map[string]any) []string {
	var all []string
	for _, field := range []string{"files", "envs"} {
		list, _ := entry[field].([]any)
		for _, e := range list {
			text, _ := e.(string)
			if _, file, keyed := strings.Cut(text, "="); keyed {
				text = file
			}
			all = append(all, text)
		}
	}
	if file, _ := entry["env"].(string); file != "" {
		all = append(all, file)
	}
	return all
}
