package changeset

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Contents are what is in a namespace, or the custom resources of a definition.
type Contents struct {
	Objects []*manifest.Object
	Unseen  string // what could not be listed, and why; empty if everything could
}

// Holders returns the live namespaces and definitions that are to be pruned, unless nobody else has anything in them or they are
// named: what is in them has to be read before that is decided.
func (s *Set) Holders() []Change {
	var all []Change
	for _, c := range s.Removals {
		if s.Holds(c) {
			all = append(all, c)
		}
	}
	return all
}

// Holds reports whether a removal depends on what is in the object.
func (s *Set) Holds(c Change) bool {
	return c.Action == Prune && c.Live != nil && slices.Contains(looked, c.ID.Kind) && !s.decider.Prune.Has(c.ID)
}

// looked are the kinds whose contents are looked at before they are removed.
var looked = []string{"CustomResourceDefinition", "Namespace"}

// Occupy decides about the holders by what is in them: those in which somebody else has something stay.
func (s *Set) Occupy(contents map[manifest.ID]Contents) {
	for _, kind := range looked { // a custom resource that stays keeps its namespace
		for i, c := range s.Removals {
			if found, read := contents[c.ID]; read && c.ID.Kind == kind {
				s.Removals[i] = s.Occupied(c, found)
			}
		}
	}
}

// Occupied decides about one holder.
func (s *Set) Occupied(c Change, contents Contents) Change {
	naming := fmt.Sprintf("name this object with --prune %s", nameOf(c.ID))
	reason := ""
	at := slices.IndexFunc(contents.Objects, func(o *manifest.Object) bool { return ofOthers(o) && !s.removes(manifest.IDOf(o)) })
	switch {
	case at >= 0:
		reason = fmt.Sprintf("there is still %s; remove it, or %s", manifest.IDOf(contents.Objects[at]), naming)
	case contents.Unseen != "":
		reason = fmt.Sprintf("it cannot be seen whether %s; %s", contents.Unseen, naming)
	default:
		return c
	}
	c.Action, c.Reason, c.Recorded, c.Effect, c.Pods, c.Undo = Keep, reason, true, NoEffect, nil, ""
	return c
}

// removes reports whether an object is to be removed by the set.
func (s *Set) removes(id manifest.ID) bool {
	return slices.ContainsFunc(s.Removals, func(c Change) bool { return c.ID == id && c.Action == Prune })
}

// ofOthers reports whether an object in a namespace keeps the namespace in use. What Kubernetes makes in every namespace does
// not, nor what goes with its owner, or is going already.
func ofOthers(o *manifest.Object) bool {
	switch {
	case len(o.GetOwnerReferences()) > 0 || o.GetDeletionTimestamp() != nil:
		return false
	case o.GetKind() == "ServiceAccount" && o.GetName() == "default", o.GetKind() == "ConfigMap" && o.GetName() == "kube-root-ca.crt":
		return false
	case o.GetKind() == "Secret":
		kind, _, _ := unstructured.NestedString(o.Object, "type")
		return kind != string(corev1.SecretTypeServiceAccountToken)
	case o.GetKind() == "Endpoints": // those of a Service that is gone go a moment later
		return false
	}
	return true
}
