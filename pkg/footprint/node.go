package footprint

import (
	"bytes"
	_ "embed" // the sizes
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

//go:embed sizes.yaml
var sizesFile []byte

// DefaultSize is the size that a footprint is compared with if nobody says another.
const DefaultSize = "small"

// evictionThreshold is the free memory below which the kubelet evicts pods. The kubelet takes it off what pods may
// request (Kubernetes, pkg/kubelet/eviction, DefaultEvictionHard: memory.available 100Mi).
const evictionThreshold = "100Mi"

// A Size is the size of a node, in the form of its file and of the command line.
type Size struct {
	Name     string            `json:"name" required:"true" doc:"the size's name"`
	Cores    string            `json:"cores" required:"true" doc:"CPU capacity (3)"`
	Memory   string            `json:"memory" required:"true" doc:"memory capacity (4Gi)"`
	Reserved map[string]string `json:"reserved" doc:"cpu and memory that the kubelet keeps back from pods"`
}

// A Node is a node of some size, with nothing on it.
type Node struct {
	Size         string              `json:"size,omitempty"`
	Architecture string              `json:"architecture"`
	Capacity     corev1.ResourceList `json:"capacity"`
	Allocatable  corev1.ResourceList `json:"allocatable"` // what pods may request
}

// Sizes returns the sizes that have a name.
func Sizes() ([]Size, error) {
	var file struct {
		APIVersion string `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
		Kind       string `json:"kind" required:"true" enum:"NodeSizes" doc:"kind of this file"`
		Sizes      []Size `json:"sizes" required:"true" doc:"the sizes"`
	}
	_, err := strictyaml.Read("sizes.yaml", bytes.NewReader(sizesFile), &file)
	return file.Sizes, err
}

// SizeNamed returns the size of a name.
func SizeNamed(name string) (Size, error) {
	sizes, err := Sizes()
	if err != nil {
		return Size{}, err
	}
	var names []string
	for _, s := range sizes {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Size{}, fmt.Errorf("there is no node size %q; use one of %s, or give cores and memory", name, strings.Join(names, ", "))
}

// NodeOf returns a node of a size. The error joins everything that is wrong with the size.
func NodeOf(s Size, architecture string) (Node, error) {
	capacity, kept := map[string]string{"cpu": s.Cores, "memory": s.Memory}, map[string]string{"memory": evictionThreshold}
	var errs []error
	n := Node{Size: s.Name, Architecture: architecture, Capacity: parse("node", capacity, &errs)}
	n.Allocatable = n.Capacity.DeepCopy()
	for _, keep := range []corev1.ResourceList{parse("eviction threshold", kept, &errs), parse("reserved", s.Reserved, &errs)} {
		for name, q := range keep {
			left := n.Allocatable[name]
			left.Sub(q)
			n.Allocatable[name] = left
		}
	}
	for _, name := range counted {
		if left := n.Allocatable[name]; len(errs) == 0 && left.Sign() <= 0 {
			errs = append(errs, fmt.Errorf("node: the kubelet keeps back all of its %s; give a larger node, or reserve less", name))
		}
	}
	if !slices.Contains(architectures, architecture) {
		errs = append(errs, fmt.Errorf("node: architecture is %q; %s", strictyaml.Clip(architecture), strictyaml.Suggest(architecture, architectures)))
	}
	return n, errors.Join(errs...)
}

// parse reads quantities of cpu and memory; what is wrong with them is added to errs.
func parse(of string, quantities map[string]string, errs *[]error) corev1.ResourceList {
	list := corev1.ResourceList{}
	for _, name := range slices.Sorted(maps.Keys(quantities)) {
		text := quantities[name]
		q, err := clusterfile.ParseQuantity(text)
		most := largest[name]
		switch {
		case name != "cpu" && name != "memory":
			*errs = append(*errs, fmt.Errorf("%s: %s is not counted; give cpu and memory", of, name))
		case err != nil || q.Sign() < 0:
			*errs = append(*errs, fmt.Errorf("%s: %s is %q; give a quantity such as %s", of, name, strictyaml.Clip(text), example[name]))
		case q.Cmp(most) > 0:
			*errs = append(*errs, fmt.Errorf("%s: %s is %q, more than any machine has; give %s at the most", of, name, strictyaml.Clip(text), most.String()))
		default:
			list[corev1.ResourceName(name)] = q
		}
	}
	return only(list)
}

// largest is what no node has more of, so that nothing overflows.
var largest = map[string]resource.Quantity{"cpu": resource.MustParse("4096"), "memory": resource.MustParse("64Ti")}

// architectures are those that Kubernetes runs on (its release notes, "Node binaries" and images).
var architectures = []string{"386", "amd64", "arm", "arm64", "ppc64le", "riscv64", "s390x"}

var example = map[string]string{"cpu": "3 or 500m", "memory": "4Gi or 300Mi"}

// asNode is the node as DaemonSets see it. Their selectors ask for system and architecture, under one name or the other.
func (n Node) asNode() *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node", Labels: map[string]string{
		corev1.LabelOSStable: "linux", corev1.LabelArchStable: n.Architecture,
		"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": n.Architecture,
	}}}
}
