// Package parity compares what Fitout renders of an addon with the manifest that its upstream project publishes. Both are
// read into facts. Labels, selectors of pods, names of volumes and of Role objects, descriptions, defaults and the order of lists
// are no facts; everything else of an object is. The facts are compared, and each difference is a line that the addon's parity
// file lists with its reason, or a fault.
package parity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// Compare returns what differs between our objects and upstream's, one sorted line each:
//
//	DaemonSet cilium: container cilium-agent: arg --debug=true: only upstream
//	Deployment coredns: strategy.rollingUpdate.maxUnavailable: 0 here, 1 upstream
//	ServiceAccount calico-node: may get configmaps: wider upstream
//
// names says which of our names stands for which of upstream's, with their kinds, where they are not the same
// (DaemonSet csi-node: DaemonSet scaleway-csi-node). The lines have our names. The second result are the names that
// upstream does not have.
func Compare(ours, theirs []*manifest.Object, names map[string]string) (differences, unknown []string) {
	translated := translate(names)
	ourFacts, theirFacts := factsOf(ours, translate(nil)), factsOf(theirs, translated)
	lines := partsDiffer("", ourFacts, theirFacts)
	slices.Sort(lines)
	return lines, translated.unused()
}

// differ returns a line for each difference between two facts that both sides have.
func differ(at string, ours, theirs *facts) []string {
	var lines []string
	if ours.value != theirs.value {
		lines = append(lines, fmt.Sprintf("%s: %s here, %s upstream", at, ours.said(), theirs.said()))
	}
	return append(lines, partsDiffer(at+": ", ours, theirs)...)
}

func partsDiffer(prefix string, ours, theirs *facts) []string {
	var lines []string
	for name, part := range ours.parts {
		if their := theirs.parts[name]; their != nil {
			lines = append(lines, differ(prefix+name, part, their)...)
		}
	}
	lines = append(lines, ours.beyond(theirs, prefix, "here")...)
	return append(lines, theirs.beyond(ours, prefix, "upstream")...)
}

// beyond returns a line for each part that f has and other has not; side is where f is from. Of two permissions, one of which
// includes the other, only the wider one has a line.
func (f *facts) beyond(other *facts, prefix, side string) []string {
	var lines []string
	for name, part := range f.parts {
		switch {
		case other.parts[name] != nil || other.allows(part, permission.includes):
		case other.allows(part, func(p, q permission) bool { return q.includes(p) }):
			lines = append(lines, part.stated(prefix+name)+": wider "+side)
		default:
			lines = append(lines, part.stated(prefix+name)+": only "+side)
		}
	}
	return lines
}

// translation turns upstream's names into ours.
type translation struct {
	ours map[string]string // DaemonSet scaleway-csi-node: DaemonSet csi-node
	met  map[string]bool
}

func translate(names map[string]string) *translation {
	t := &translation{ours: map[string]string{}, met: map[string]bool{}}
	for our, their := range names {
		t.ours[their] = our
	}
	return t
}

// of returns our name, with its kind, for one of upstream's: its own where nothing else is said.
func (t *translation) of(kind, name string) string {
	full := kind + " " + name
	if our, ok := t.ours[full]; ok {
		t.met[full] = true
		return our
	}
	return full
}

// name is of, without the kind.
func (t *translation) name(kind, name string) string {
	full := t.of(kind, name)
	return full[strings.LastIndexByte(full, ' ')+1:]
}

func (t *translation) unused() []string {
	var names []string
	for _, their := range slices.Sorted(maps.Keys(t.ours)) {
		if !t.met[their] {
			names = append(names, t.ours[their]+": "+their)
		}
	}
	return names
}
