// Package bundle is the catalogue: which addons there are, which of them a Kubernetes minor gets in which version, and
// what that comes to for one cluster. All of it is data, read from files.
package bundle

import (
	"io/fs"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A Bundle is the set of addons for one Kubernetes minor.
type Bundle struct {
	APIVersion    string            `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind          string            `json:"kind" required:"true" enum:"Bundle" doc:"kind of this file"`
	Kubernetes    string            `json:"kubernetes" required:"true" doc:"the minor, which is the file's name"`
	TestedVersion string            `json:"testedVersion" doc:"the exact Kubernetes version that it is tested with"`
	Budget        Budget            `json:"budget" doc:"the most that the addons may request"`
	Defaults      map[string]string `json:"defaults" doc:"what cni, ingress and csi are where the cluster file leaves them open"`
	Nodes         []NodeNeed        `json:"nodes" doc:"what the kubelets of this minor need that those before did not"`
	NodeImages    []NodeImage       `json:"nodeImages" doc:"images that a node pulls without any addon"`
	Addons        map[string]Entry  `json:"addons" doc:"the addons by name"`
}

// A NodeImage is pulled by what runs the pods of a node, whatever the addons are.
type NodeImage struct {
	Image string `json:"image" required:"true" doc:"image reference"`
	Means string `json:"means" required:"true" doc:"what pulls it, and where that is set"`
}

// A Budget is the most that the addons of a bundle may request, whichever of them a cluster chooses.
type Budget struct {
	Node    Allowance `json:"node" required:"true" doc:"of each node, for what runs on every node"`
	Cluster Allowance `json:"cluster" required:"true" doc:"of the cluster, for what runs once"`
}

// An Allowance is one part of a budget.
type Allowance struct {
	CPU        string `json:"cpu" required:"true" doc:"sum of the CPU requests (500m)"`
	Memory     string `json:"memory" required:"true" doc:"sum of the memory requests (200Mi)"`
	Undeclared int    `json:"undeclared" doc:"number of containers without a memory request"`
}

// An Entry is one addon of a bundle. Version, images and values are templates over the cluster file.
type Entry struct {
	Chart         string              `json:"chart" doc:"the folder of a chart of Fitout's kind, an upstream line; or helm, manifests or kustomization"`
	Helm          string              `json:"helm" doc:"somebody else's Helm chart as it is: its folder, or its archive (.tgz)"`
	Manifests     string              `json:"manifests" doc:"a folder of manifests"`
	Kustomization string              `json:"kustomization" doc:"a folder with a kustomization"`
	Digest        string              `json:"digest" doc:"of a chart's archive (sha256:...)"`
	Namespace     string              `json:"namespace" doc:"namespace of objects that somebody else wrote and that name none; kube-system if absent"`
	Version       string              `json:"version" required:"true" doc:"exact version of what runs"`
	Overrides     string              `json:"overrides" doc:"in a catalogue of your own: the version of the entry that this one takes the place of"`
	Images        map[string]string   `json:"images" doc:"image references by the name that the chart uses"`
	Values        string              `json:"values" doc:"template of the chart's values, as YAML text"`
	Patches       []clusterfile.Patch `json:"patches" doc:"kustomize patches"`
}

// A Catalogue holds all addons and bundles. It does not change once it is loaded.
type Catalogue struct {
	addons    map[string]Addon
	bundles   map[string]Bundle
	providers []Provider
	parts     map[string]map[string]part   // by addon, and entry of its folder
	entries   map[string]map[string]string // file of each addon's entry, by minor and addon
	lines     map[string]strictyaml.Lines  // of the fields, by file
	sentences map[string]Sentence          // by trial
	broken    map[string]bool              // addons that could not be read
	own       map[string]bool              // files of a source that has a name
	origins   []Origin
	sources   []string                     // names, but for the embedded one
	replaced  map[string][]string          // entries of addons' folders that a source has in place of one below it, by addon
	holders   map[string]map[string]string // name of the source of each addon's entry, by minor and addon
	overrides []override
	unpacked  map[string]fs.FS // charts that were packed, by addon, file and digest
}

// Minors returns the Kubernetes minors that have a bundle, oldest first.
func (c *Catalogue) Minors() []string {
	return slices.SortedFunc(maps.Keys(c.bundles), clusterfile.CompareMinors)
}

// Newest returns the newest minor that has a bundle.
func (c *Catalogue) Newest() string {
	newest := ""
	for _, minor := range c.Minors() {
		newest = minor
	}
	return newest
}

// Bundle returns the bundle of a minor.
func (c *Catalogue) Bundle(minor string) (Bundle, bool) {
	b, ok := c.bundles[minor]
	return b, ok
}

// Addon returns what addon.yaml says of an addon.
func (c *Catalogue) Addon(name string) (Addon, bool) {
	a, ok := c.addons[name]
	return a, ok
}

// Addons returns all addons by name.
func (c *Catalogue) Addons() map[string]Addon { return maps.Clone(c.addons) }

// Names returns the names of all addons, sorted.
func (c *Catalogue) Names() []string { return slices.Sorted(maps.Keys(c.addons)) }
