package probes

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// DefaultClass asks for a claim of the cluster's default StorageClass. No class can have this name.
const DefaultClass = "DEFAULT"

// ClaimProbe returns the probe of the addons that makes a claim, if there is one.
func ClaimProbe(addons []render.Addon) (bundle.Probe, bool) {
	for _, a := range addons {
		for _, p := range a.Probes {
			if p.Name == StorageClaim {
				return p, true
			}
		}
	}
	return bundle.Probe{}, false
}

// ClaimClass returns the StorageClass that a claim gets, and what that is called; why says what keeps it from having one.
func (s Survey) ClaimClass(name string) (class *manifest.Object, called, why string) {
	for _, c := range s.StorageClasses {
		if name == DefaultClass && manifest.IsDefaultClass(c) {
			return c, fmt.Sprintf("default class %s", c.GetName()), ""
		}
		if c.GetName() == name {
			return c, "class " + name, ""
		}
	}
	if name == DefaultClass {
		return nil, "default class", "no StorageClass is the default"
	}
	return nil, "class " + name, "there is no such StorageClass"
}

// BindsFirst reports whether volumes of a class are made for a claim alone, and not where its pod goes.
func BindsFirst(class *manifest.Object) bool {
	mode, _, _ := unstructured.NestedString(class.Object, "volumeBindingMode")
	return mode != "WaitForFirstConsumer"
}

// ClaimNodes returns the nodes on which the volume can be mounted as far as it is known: those with a ready asker that its
// own affinity allows.
func (s Survey) ClaimNodes(volume *corev1.PersistentVolume) []string {
	var names []string
	for _, asker := range s.readyProbePods(probe.Asker) {
		if n := s.Node(asker.node); n != nil && allows(volume, n) {
			names = append(names, n.Name)
		}
	}
	return names
}

// allows reports whether a volume can be on a node. One whose affinity cannot be read is left to the scheduler.
func allows(volume *corev1.PersistentVolume, n *corev1.Node) bool {
	if volume == nil || volume.Spec.NodeAffinity == nil || volume.Spec.NodeAffinity.Required == nil {
		return true
	}
	terms, err := nodeaffinity.NewNodeSelector(volume.Spec.NodeAffinity.Required)
	return err != nil || terms.Match(n)
}

// ClaimElsewhere returns the nodes on which a volume is to be mounted after it was on the first: others, or where there are
// none the first again, and why.
func (s Survey) ClaimElsewhere(volume *corev1.PersistentVolume, first string) (nodes []string, same string) {
	not := func(name string) bool { return name == first }
	if nodes = slices.DeleteFunc(s.ClaimNodes(volume), not); len(nodes) > 0 {
		return nodes, ""
	}
	if len(slices.DeleteFunc(s.ClaimNodes(nil), not)) == 0 {
		return []string{first}, "no other node runs the probe"
	}
	return []string{first}, "the volume can be on no other node"
}

// NotMounted says why the pod does not run with the volume yet; it is empty where it does. What comes first is told first:
// no volume, no node, no mount.
func (s Survey) NotMounted(c ClaimState) string {
	switch {
	case c.Pod == nil:
		return "the pod is not there"
	case observed.PodReady(c.Pod):
		return ""
	}
	if why := c.NotBound(); why != "" {
		if message := observed.UnschedulableReason(c.Pod); message != "" {
			why += "; the pod cannot be scheduled: " + printable.Short(message)
		}
		return why
	}
	if said := c.said("Pod", c.Pod.Name); said != "" {
		return said
	}
	cause, _ := s.PodCause(c.Pod)
	return "the pod " + cause
}
