// Package kubeapi knows what the API servers of the bundles' Kubernetes versions serve, without asking one: a snapshot
// for each minor, made from a real API server, with its kinds and their fields. Rendering decides and manifests are
// validated by it offline.
package kubeapi

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fitout-dev/fitout/pkg/printable"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// snapshots holds a compressed Snapshot for each minor.
//
//go:embed snapshots/*.json.gz
var snapshots embed.FS

// A Snapshot is what an API server of one version serves.
type Snapshot struct {
	Version string          `json:"version"` // v1.36.4
	Kinds   []Kind          `json:"kinds"`   // sorted
	Types   map[string]Type `json:"types"`   // by name
	byKind  map[schema.GroupVersionKind]Kind
}

// A Kind is a kind that can be read and written at a resource.
type Kind struct {
	Group      string `json:"g,omitempty"`
	Version    string `json:"v"`
	Kind       string `json:"k"`
	Namespaced bool   `json:"n,omitempty"`
	Type       string `json:"t"` // name of its type
}

// A Type is an object with named fields.
type Type struct {
	Fields   map[string]Ref `json:"f,omitempty"`
	Required []string       `json:"r,omitempty"`
}

// A Ref is a use of a type: a scalar (string, byte for base64, integer of 64 bits, int32, number, boolean, time, microtime,
// duration), intstr, quantity, any, "#" and the name of a Type, "|" and the name of a Type where a list of it or a boolean may stand too, "[]" and the Ref of a list's elements, or
// "{}" and the Ref of a map's values.
type Ref string

// maxSnapshot bounds what a snapshot may expand to, in bytes. The largest one has less than a tenth.
const maxSnapshot = 16 << 20

// loaded keeps the snapshots that were read, by minor. They do not change.
var loaded sync.Map

// Load returns the snapshot of a minor ("1.36").
func Load(minor string) (*Snapshot, error) {
	if s, ok := loaded.Load(minor); ok {
		return s.(*Snapshot), nil
	}
	s, err := read(minor)
	if err == nil {
		loaded.Store(minor, s)
	}
	return s, err
}

func read(minor string) (*Snapshot, error) {
	packed, err := snapshots.ReadFile("snapshots/" + minor + ".json.gz")
	if err != nil {
		return nil, fmt.Errorf("there is no API snapshot of Kubernetes %s; there are %v", minor, Minors())
	}
	return decode(minor, packed)
}

// Add makes the snapshot of a minor known that has none here, as Write has packed it: that of a catalogue's own bundle.
func Add(minor string, packed []byte) error {
	if slices.Contains(Minors(), minor) {
		return fmt.Errorf("there is a snapshot of Kubernetes %s here already; remove this one", minor)
	}
	s, err := decode(minor, packed)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(s.Version, "v"+minor+".") {
		return fmt.Errorf("is of %q, not of a version of %s; name it after its minor", printable.Cut(s.Version, 60), minor)
	}
	loaded.Store(minor, s)
	return nil
}

func decode(minor string, packed []byte) (*Snapshot, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("API snapshot of %s: %w", minor, err)
	}
	s := &Snapshot{}
	if err := json.NewDecoder(io.LimitReader(r, maxSnapshot)).Decode(s); err != nil {
		return nil, fmt.Errorf("API snapshot of %s: %w", minor, err)
	}
	s.index()
	return s, nil
}

// Newest returns the newest minor that has a snapshot.
func Newest() string {
	minors := Minors()
	return minors[len(minors)-1]
}

// Minors returns the minors that have a snapshot, oldest first (all of them have two digits).
func Minors() []string {
	files, err := snapshots.ReadDir("snapshots")
	if err != nil {
		return nil
	}
	var minors []string
	for _, f := range files {
		minors = append(minors, f.Name()[:len(f.Name())-len(".json.gz")])
	}
	return minors
}

func (s *Snapshot) index() {
	s.byKind = map[schema.GroupVersionKind]Kind{}
	for _, k := range s.Kinds {
		s.byKind[schema.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind}] = k
	}
}

// APIVersions returns the served groups and versions, and their kinds (apps/v1, apps/v1/DaemonSet), as charts ask for them.
func (s *Snapshot) APIVersions() []string {
	set := map[string]bool{}
	for gvk := range s.byKind {
		set[gvk.GroupVersion().String()] = true
		set[gvk.GroupVersion().String()+"/"+gvk.Kind] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// Versions returns the versions in which a kind is served.
func (s *Snapshot) Versions(kind schema.GroupKind) []string {
	var versions []string
	for _, k := range s.Kinds {
		if k.Group == kind.Group && k.Kind == kind.Kind {
			versions = append(versions, k.Version)
		}
	}
	return versions
}

// Write packs a snapshot, the same bytes for the same snapshot.
func (s *Snapshot) Write(w io.Writer) error {
	packer, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(packer).Encode(s); err != nil {
		return err
	}
	return packer.Close()
}
