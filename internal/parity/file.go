package parity

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/yaml"
)

// A File is addons/<name>/parity.yaml: what each line of charts is compared with, and what differs on purpose.
type File struct {
	APIVersion string          `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string          `json:"kind" required:"true" enum:"Parity" doc:"kind of this file"`
	Lines      map[string]Line `json:"lines" required:"true" doc:"an entry for each of the addon's charts, by its folder"`
}

// A Line is the comparison of one chart with its upstream reference.
type Line struct {
	Reference   string            `json:"reference" required:"true" doc:"file of upstream's manifests, below the folder of references"`
	Cluster     map[string]any    `json:"cluster" required:"true" doc:"fields of the cluster file that comes nearest to the reference"`
	Names       map[string]string `json:"names" doc:"our names for what upstream calls otherwise, each with its kind (DaemonSet csi-node: DaemonSet scaleway-csi-node)"`
	Differences []Listed          `json:"differences" doc:"what differs on purpose"`
}

// Listed are differences that have one reason.
type Listed struct {
	Reason string   `json:"reason" required:"true" doc:"why"`
	Lines  []string `json:"lines" required:"true" doc:"the differences, as make parity prints them; * stands for any text, but not in the first word, and \\* for itself"`
}

// read reads the parity file of an addon and checks it against the addon's charts.
func read(addons fs.FS, addon string) (File, error) {
	name := path.Join(addon, "parity.yaml")
	data, err := fs.ReadFile(addons, name)
	if err != nil {
		return File{}, fmt.Errorf("%w; write it: each chart is compared with its upstream reference", err)
	}
	var f File
	if _, err := strictyaml.Decode(name, data, &f); err != nil {
		return File{}, err
	}
	return f, f.verify(addons, addon, name)
}

func (f File) verify(addons fs.FS, addon, name string) error {
	charts, err := fs.Glob(addons, path.Join(addon, "*", "Chart.yaml"))
	if err != nil {
		return err
	}
	var faults strictyaml.Faults
	fault := func(field, problem, remedy string) {
		faults = append(faults, strictyaml.Fault{File: name, Field: field, Problem: problem, Remedy: remedy})
	}
	var lines []string
	for _, chart := range charts {
		line := path.Base(path.Dir(chart))
		lines = append(lines, line)
		if _, ok := f.Lines[line]; !ok {
			fault("lines", "has no entry "+line, "add one: there is a chart of that line")
		}
	}
	for _, line := range slices.Sorted(maps.Keys(f.Lines)) {
		if !slices.Contains(lines, line) {
			fault("lines."+line, "is no chart of the addon", "remove it, or use one of "+strings.Join(lines, ", "))
		}
		for i, listed := range f.Lines[line].Differences {
			listed.verify(func(problem, remedy string) { fault(fmt.Sprintf("lines.%s.differences[%d]", line, i), problem, remedy) })
		}
	}
	return faults.ErrorOrNil()
}

func (l Listed) verify(fault func(problem, remedy string)) {
	if l.Reason == "" {
		fault("has no reason", "say why it differs")
	}
	for _, pattern := range l.Lines {
		if kind, _, _ := strings.Cut(pattern, " "); strings.Contains(kind, "*") {
			fault("is for objects of any kind: "+pattern, "begin each line with the kind of its objects")
		}
	}
}

// cluster returns the cluster file that a line is rendered for; name names it in faults.
func (l Line) cluster(name string) (clusterfile.File, error) {
	fields := map[string]any{"apiVersion": clusterfile.APIVersion, "kind": clusterfile.Kind}
	maps.Copy(fields, l.Cluster)
	text, err := yaml.Marshal(fields)
	if err != nil {
		return clusterfile.File{}, err
	}
	file, err := clusterfile.Read(name, strings.NewReader(string(text)))
	var faults strictyaml.Faults
	if errors.As(err, &faults) {
		for i := range faults {
			faults[i].Line = 0 // of a text that nobody has seen
		}
	}
	return file, err
}
