package changeset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/printable"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// An Effect is how much of the cluster a change disturbs.
type Effect string

// The effects, the weakest first.
const (
	NoEffect      Effect = "none"          // nothing that runs notices it
	Metadata      Effect = "metadata"      // labels and annotations only
	Configuration Effect = "configuration" // read by whoever uses the object; no pod is restarted for it
	Reload        Effect = "reload"        // files in running pods change
	Restart       Effect = "restart"       // pods are replaced
	Absence       Effect = "absence"       // the object is deleted, and created again
	Removal       Effect = "removal"       // the object is deleted
)

// Effects lists all effects, the weakest first.
var Effects = []Effect{NoEffect, Metadata, Configuration, Reload, Restart, Absence, Removal}

// A Reaction is what becomes of the pods of a workload.
type Reaction string

// The reactions.
const (
	Restarts  Reaction = "restart"    // they are replaced
	Reloads   Reaction = "reload"     // the kubelet brings the new files into them, within about a minute
	NextStart Reaction = "next-start" // they read it when they start next; nothing restarts them
	OnDelete  Reaction = "on-delete"  // they are replaced as somebody deletes them
	Stops     Reaction = "stop"       // they are deleted
)

// Reactions lists all reactions.
var Reactions = []Reaction{Restarts, Reloads, NextStart, OnDelete, Stops}

// Pods are those of a workload that a change reaches, and what becomes of them.
type Pods struct {
	Workload manifest.ID `json:"workload"`
	Count    int64       `json:"count"`
	Reaction Reaction    `json:"reaction"`
}

func (p Pods) String() string {
	pods := fmt.Sprintf("%s of %s", printable.Count(p.Count, "pod"), p.Workload)
	if p.Workload.Kind == "DaemonSet" {
		pods += " on " + printable.Count(p.Count, "node")
	}
	switch p.Reaction {
	case Restarts:
		return "restarts " + pods
	case Reloads:
		return "reloaded within about a minute by " + pods
	case NextStart:
		return "read at their next start by " + pods
	case OnDelete:
		return "reaches " + pods + " as somebody deletes them (updateStrategy OnDelete)"
	}
	return "stops " + pods
}

// disturb says how much the changes of a set disturb, and which pods they reach.
func (s *Set) disturb() {
	for i, c := range s.Changes {
		if c.Live != nil {
			s.Changes[i].Effect, s.Changes[i].Pods = effectOf(c)
		}
	}
	for i, c := range s.Changes {
		if len(c.Fields)+len(c.Going) > 0 && (c.ID.Kind == "ConfigMap" || c.ID.Kind == "Secret") && c.Effect != Metadata {
			s.Changes[i].Effect, s.Changes[i].Pods = s.readers(c)
		}
	}
}

// effectOf returns how much a change of a live object disturbs, and the pods of the object itself.
func effectOf(c Change) (Effect, []Pods) {
	fields := slices.Concat(c.Fields, c.Going)
	switch {
	case c.Action == Recreate:
		return Absence, podsOf(c.Live, Restarts)
	case c.Action == Unchanged || len(fields) == 0:
		return NoEffect, nil
	case !slices.ContainsFunc(fields, func(f objectdiff.Difference) bool { return !inMetadata(f.Path) }):
		return Metadata, nil
	case !slices.ContainsFunc(fields, func(f objectdiff.Difference) bool { return inTemplate(f.Path) }):
		return Configuration, nil
	}
	switch pods := podsOf(c.Live, Restarts); {
	case len(pods) == 0:
		return Configuration, nil
	case onDelete(c.Wanted) || onDelete(c.Live) && !hasStrategy(c.Wanted):
		return Configuration, podsOf(c.Live, OnDelete)
	default:
		return Restart, pods
	}
}

func inMetadata(path string) bool {
	return strings.HasPrefix(path, "metadata.labels") || strings.HasPrefix(path, "metadata.annotations")
}

func inTemplate(path string) bool {
	return path == "spec.template" || strings.HasPrefix(path, "spec.template.")
}

// onDelete reports whether a workload replaces its pods only as somebody deletes them.
func onDelete(live *manifest.Object) bool {
	strategy, _, _ := unstructured.NestedString(live.Object, "spec", "updateStrategy", "type")
	return strategy == "OnDelete"
}

// hasStrategy reports whether an object says how the pods of its workload are replaced.
func hasStrategy(o *manifest.Object) bool {
	_, found, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "updateStrategy", "type")
	return found
}

// podsOf returns the pods of a workload whose controller replaces them as its template changes; none for all other objects.
func podsOf(live *manifest.Object, r Reaction) []Pods {
	path := []string{"spec", "replicas"}
	switch live.GetKind() {
	case "DaemonSet":
		path = []string{"status", "desiredNumberScheduled"}
	case "Deployment", "StatefulSet":
	default:
		return nil
	}
	n, found, _ := unstructured.NestedInt64(live.Object, path...)
	if !found && live.GetKind() != "DaemonSet" {
		n = 1 // the API server's default
	}
	return []Pods{{Workload: manifest.IDOf(live), Count: n, Reaction: r}}
}
