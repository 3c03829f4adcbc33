package bundle

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/corefile"
)

// An Addon is what addon.yaml says of one addon, for all of its versions.
type Addon struct {
	APIVersion string       `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string       `json:"kind" required:"true" enum:"Addon" doc:"kind of this file"`
	Name       string       `json:"name" required:"true" doc:"the folder's name"`
	Summary    string       `json:"summary" required:"true" doc:"one line for tables"`
	Role       string       `json:"role" required:"true" doc:"what the addon is in a cluster: cni, ingress and storage are named by the fields cni, ingress and csi of the cluster file; others are proxy, dns, metrics, node-health, or a word of your own"`
	Alias      string       `json:"alias" doc:"another name by which the cluster file may name the addon"`
	Detect     Detect       `json:"detect" doc:"how nodes tell that the addon belongs on them, where the cluster file leaves open which of its role does"`
	When       string       `json:"when" doc:"template expression over the cluster file; the addon is selected where it is true. Not for roles of which the cluster file names the addon"`
	ChosenBy   string       `json:"chosenBy" doc:"field of the cluster file that when depends on, and that alone chooses the addon; addons.<name>.enabled does where it is absent"`
	Provides   []string     `json:"provides" doc:"capabilities that other addons require"`
	Requires   []string     `json:"requires" doc:"capabilities that must be ready before the addon's workloads are applied"`
	Creates    []Definition `json:"creates" doc:"definitions that are not rendered: the addon's controllers create them once they run"`
	Checks     Checks       `json:"checks" doc:"what is judged besides presence, drift, readiness and API availability"`
	Recreate   []string     `json:"recreate" doc:"kinds whose objects may be deleted and created again where a field cannot be changed, since nothing is lost by it"`
	Carries    []Carry      `json:"carries" doc:"settings of another installer that become settings of the cluster file when its objects are adopted"`
	Edits      []Edit       `json:"edits" doc:"what people edit in the cluster and keep when the addon is applied again"`
	Rules      []Rule       `json:"rules" doc:"what must be true of the addon's values and the cluster"`
	Probes     []Probe      `json:"probes" doc:"what is tried to prove that the addon does its job"`
	Diagnoses  []Diagnosis  `json:"diagnoses" doc:"what the addon's programs log when something keeps them from their work, and what it means"`
	Upgrade    Upgrade      `json:"upgrade" doc:"what an upgrade of it must heed"`
	Warnings   []Warning    `json:"warnings" doc:"settings that work and should not be chosen"`
	Overrides  string       `json:"overrides" doc:"in a catalogue of your own, where the file takes the place of an embedded one: the newest version of the addon in the bundles that it was made for"`
	Lifecycle  Lifecycle    `json:"lifecycle" doc:"which minors it supports, and for how long"`
}

// Detect is how nodes tell that an addon belongs on them.
type Detect struct {
	ProviderID string `json:"providerID" doc:"what the providerIDs of all nodes begin with (aws://); nodes without one do not count"`
}

// A Definition is a CustomResourceDefinition that a controller creates. What is known of it beforehand is what objects of
// its kind are written, ordered and found by.
type Definition struct {
	Name    string `json:"name" required:"true" doc:"its name: plural and group (zones.dns.example.org)"`
	Kind    string `json:"kind" required:"true" doc:"the kind that it defines"`
	Version string `json:"version" required:"true" doc:"a version of the kind that it serves"`
	Scope   string `json:"scope" required:"true" enum:"Cluster,Namespaced" doc:"of the kind"`
}

// Names returns the plural of the kind and its group.
func (d Definition) Names() (plural, group string) {
	plural, group, _ = strings.Cut(d.Name, ".")
	return plural, group
}

// verify checks what the format of the file cannot tell.
func (d Definition) verify() *place {
	if plural, group := d.Names(); plural == "" || !strings.Contains(group, ".") {
		return &place{"name", fmt.Errorf("is %q; it must be the plural of the kind, a dot, and the group, such as zones.dns.example.org", d.Name)}
	}
	return nil
}

// Checks are the judgements that not every addon gets.
type Checks struct {
	HostPorts           []int `json:"hostPorts" doc:"host ports that a ready pod declares on each node that the addon runs on"`
	DefaultStorageClass bool  `json:"defaultStorageClass" doc:"exactly one default StorageClass exists, and it is this addon's; if no rendered one is the default, no more than one exists, and it is another"`
}

// An Edit is a part of a rendered object that people edit in the cluster.
type Edit struct {
	Kind    string `json:"kind" required:"true" enum:"ConfigMap" doc:"kind of the object"`
	Name    string `json:"name" required:"true" doc:"its name"`
	Field   string `json:"field" required:"true" doc:"the field that is edited (data.Corefile)"`
	Format  string `json:"format" required:"true" enum:"corefile" doc:"corefile: server blocks of zones that the rendered Corefile does not have stay, and snippets, imports and comments between them"`
	Plugins string `json:"plugins" required:"true" doc:"file of the addon's folder that says which plugins and options each version has (plugins.yaml)"`

	Table *corefile.Table `json:"-"` // what Plugins names
}

// verify checks what the format of the file cannot tell.
func (e Edit) verify() *place {
	if key, ok := strings.CutPrefix(e.Field, "data."); !ok || key == "" {
		return &place{"field", fmt.Errorf("is %q; it must be data. and a key, such as data.Corefile", e.Field)}
	}
	return nil
}

// Of reports whether an object, by its kind and name, is the one that is edited.
func (e Edit) Of(kind, name string) bool { return e.Kind == kind && e.Name == name }

// Path is the way to the field. The key itself may hold dots.
func (e Edit) Path() []string { return strings.SplitN(e.Field, ".", 2) }

// Lifecycle says where an addon stands with its upstream project.
type Lifecycle struct {
	EndOfLife   string    `json:"endOfLife" doc:"day on which upstream ended it (2026-03-31)"`
	Replacement []string  `json:"replacement" doc:"what to choose instead"`
	Reason      string    `json:"reason" doc:"why it is deprecated or refused"`
	Support     []Support `json:"support" doc:"ranges of minors; what is in no range is refused"`
}

// Support is the level of support for a range of Kubernetes minors.
type Support struct {
	Kubernetes string `json:"kubernetes" required:"true" doc:"a minor (1.36) or a range (1.34-1.36)"`
	Level      string `json:"level" required:"true" enum:"tested,untested,deprecated" doc:"tested: upstream lists the minor; untested: it does not; deprecated: usable with a warning"`
}

// Levels of support. Refused is what a minor in no range has.
const (
	Tested     = "tested"
	Untested   = "untested"
	Deprecated = "deprecated"
	Refused    = "refused"
)

// Level returns the level of support for a minor.
func (l Lifecycle) Level(minor string) string {
	for _, s := range l.Support {
		first, last, err := s.Range()
		if err == nil && clusterfile.CompareMinors(first, minor) <= 0 && clusterfile.CompareMinors(minor, last) <= 0 {
			return s.Level
		}
	}
	return Refused
}

// Range returns the first and the last minor of the range.
func (s Support) Range() (first, last string, err error) {
	first, last, isRange := strings.Cut(s.Kubernetes, "-")
	if !isRange {
		last = first
	}
	for _, minor := range []string{first, last} {
		if v, err := clusterfile.ParseVersion(minor); err != nil || v.Minor() != minor {
			return "", "", fmt.Errorf("is %q, not a minor or a range of minors such as 1.34-1.36", s.Kubernetes)
		}
	}
	if clusterfile.CompareMinors(first, last) > 0 {
		return "", "", fmt.Errorf("is %q, which ends before it begins", s.Kubernetes)
	}
	return first, last, nil
}

// advice is the rest of a sentence about an addon that is deprecated or refused: why, and what to use.
func (l Lifecycle) advice() string {
	var parts []string
	if l.Reason != "" {
		parts = append(parts, l.Reason)
	}
	if len(l.Replacement) > 0 {
		parts = append(parts, "use "+strings.Join(l.Replacement, " or ")+" instead")
	}
	return strings.Join(parts, "; ")
}
