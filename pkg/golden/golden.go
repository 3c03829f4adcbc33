// Package golden keeps what clusters get as files that people review: an index for each cluster, and each distinct rendering
// of an addon once, however many clusters have it. It writes such a folder, and compares one with what is rendered now.
package golden

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
	"sigs.k8s.io/yaml"
)

// The folders of a golden folder.
const (
	indexes = "index"
	addons  = "addons"
)

// An Index says what one cluster gets.
type Index struct {
	APIVersion string       `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string       `json:"kind" required:"true" enum:"GoldenIndex" doc:"kind of this file"`
	Cluster    string       `json:"cluster" doc:"name in the cluster file"`
	Kubernetes string       `json:"kubernetes" required:"true" doc:"exact Kubernetes version"`
	Bundle     string       `json:"bundle" required:"true" doc:"the minor whose bundle it gets"`
	Digest     string       `json:"digest" required:"true" doc:"of everything rendered, as fitout up records it in the cluster"`
	Addons     []IndexEntry `json:"addons" doc:"what it gets, by name"`
	Warnings   []string     `json:"warnings,omitempty" doc:"what should not have been chosen"`
}

// An IndexEntry is one addon of a cluster.
type IndexEntry struct {
	Name    string `json:"name" required:"true" doc:"name of the addon"`
	Version string `json:"version" required:"true" doc:"exact version of what runs"`
	File    string `json:"file" required:"true" doc:"its objects, below addons/"`
}

// header begins every file of a golden folder: what does not begin with it was written by somebody else, and is never removed.
const header = "# Made by fitout golden update; do not edit.\n"

// A Cluster is one cluster of a golden folder.
type Cluster struct {
	Name string // path of its index below index/, without extension: clusters/prod/eu-1
	Plan *fitout.Plan
}

// brief says how definitions are written: with their digest in place of their text, or whole.
type brief bool

// indexOf returns the index of a cluster, and hands each of its addons on with the addon's file.
func indexOf(p *fitout.Plan, take func(file string, a render.Addon) error) (Index, error) {
	r := p.Rendering
	index := Index{
		APIVersion: "fitout.dev/v1alpha1", Kind: "GoldenIndex", Cluster: p.Cluster.Name, Kubernetes: p.Cluster.KubernetesVersion,
		Bundle: r.Bundle, Digest: r.Digest, Warnings: p.Warnings,
	}
	for _, a := range r.Addons {
		entry := IndexEntry{Name: a.Name, Version: a.Version, File: fileOf(a)}
		index.Addons = append(index.Addons, entry)
		if err := take(entry.File, a); err != nil {
			return Index{}, err
		}
	}
	return index, nil
}

// fileOf names the file of a rendering: coredns-1.14.2-8bda783ad709.yaml. What is in it makes the name.
func fileOf(a render.Addon) string {
	_, digest, _ := strings.Cut(a.Applied, ":")
	return fmt.Sprintf("%s-%s-%.12s.yaml", a.Name, a.Version, digest)
}

// text writes the objects of an addon.
func (b brief) text(a render.Addon) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(header)
	for _, o := range a.Objects {
		if bool(b) && o.GetKind() == "CustomResourceDefinition" {
			digest, err := digestOf(o)
			if err != nil {
				return nil, err
			}
			out.WriteString("# " + printable.Line(manifest.IDOf(o).String()) + " " + digest + "\n")
			continue
		}
		if err := manifest.Write(&out, []*manifest.Object{o}); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// digestOf is the digest of a definition, whichever bundle it is of.
func digestOf(o *manifest.Object) (string, error) {
	bare := o.DeepCopy()
	bare.SetLabels(nil)
	return manifest.Digest([]*manifest.Object{bare})
}

// text writes an index.
func (i Index) text() ([]byte, error) {
	body, err := yaml.Marshal(i)
	return append([]byte(header), body...), err
}
