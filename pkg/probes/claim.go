package probes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
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

// A ClaimStep is one thing that is done with a claim.
type ClaimStep string

// The steps, in their order; a claim is mounted and let go twice.
const (
	ClaimCreate  ClaimStep = "created"
	ClaimBind    ClaimStep = "bound" // by itself, where its class makes volumes without a pod
	ClaimMount   ClaimStep = "mounted"
	ClaimWrite   ClaimStep = "written"
	ClaimUnmount ClaimStep = "let go"
	ClaimRead    ClaimStep = "read"
	ClaimDelete  ClaimStep = "deleted"
)

// A ClaimResult is what came of a step.
type ClaimResult struct {
	Step  ClaimStep
	Node  string // where it was done; empty for what is on none
	Took  time.Duration
	Error string // why it was not done
	// Refused says that the cluster did not let it be tried, which proves nothing of its storage.
	Refused bool
}

// A ClaimTest is what was done with a claim, up to the first step that failed.
type ClaimTest struct {
	Class string // as it is told
	Steps []ClaimResult
	Same  string // why it was mounted again on the same node, where it was
	Left  string // what is left behind, and why
}

// A ClaimState is what was seen at one moment of a claim, its volume and the pod that is to mount it. What is not there
// is nil.
type ClaimState struct {
	Claim  *corev1.PersistentVolumeClaim
	Volume *corev1.PersistentVolume
	Pod    *corev1.Pod
	Events []corev1.Event
}

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
		if name == DefaultClass && check.IsDefaultClass(c) {
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

// NotBound says why the claim has no volume yet; it is empty where it has one.
func (c ClaimState) NotBound() string {
	switch {
	case c.Claim == nil:
		return "the claim is not there"
	case c.Claim.Status.Phase == corev1.ClaimBound:
		return ""
	}
	text := "the claim is " + cmp.Or(string(c.Claim.Status.Phase), string(corev1.ClaimPending))
	if said := c.said("PersistentVolumeClaim", c.Claim.Name); said != "" {
		return text + ": " + said
	}
	return text + ", and nothing was said of it"
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

// StillMounted says why the node has not let the volume go; it is empty where the pod is gone.
func (c ClaimState) StillMounted() string {
	if c.Pod == nil {
		return ""
	}
	if said := c.said("Pod", c.Pod.Name); said != "" {
		return "the pod is still there: " + said
	}
	return "the pod is still there"
}

// Remains says what of a deleted claim is still there and is to go; it is empty where all of it is gone.
func (c ClaimState) Remains() string {
	switch {
	case c.Claim != nil:
		return "the claim is still there, held by " + cmp.Or(strings.Join(c.Claim.Finalizers, ", "), "nothing that it names")
	case c.Volume == nil || c.kept():
		return ""
	}
	text := fmt.Sprintf("volume %s is still there, %s", c.Volume.Name, cmp.Or(string(c.Volume.Status.Phase), "without a phase"))
	if why := cmp.Or(c.said("PersistentVolume", c.Volume.Name), printable.Short(c.Volume.Status.Message)); why != "" {
		text += ": " + why
	}
	return text
}

// kept reports whether the volume outlives its claim by intent.
func (c ClaimState) kept() bool {
	return c.Volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete
}

// Leaves names what is there after all that was to go is gone.
func (c ClaimState) Leaves() string {
	if c.Volume == nil {
		return ""
	}
	return fmt.Sprintf("volume %s stays, since its policy is %s: delete it, and what it stands for", c.Volume.Name, c.Volume.Spec.PersistentVolumeReclaimPolicy)
}

// consequences are events of pods that say that something was waited for, and not what went wrong.
var consequences = []string{"timed out waiting for the condition", "context deadline exceeded"}

// said is what was said last of an object that explains why it does not get on: a warning before anything else, and a cause
// before its consequences.
func (c ClaimState) said(kind, name string) string {
	rank := func(e corev1.Event) int {
		consequence := slices.ContainsFunc(consequences, func(text string) bool { return strings.Contains(e.Message, text) })
		switch {
		case e.Type == corev1.EventTypeWarning && e.Reason == "FailedAttachVolume":
			return 0
		case e.Type == corev1.EventTypeWarning && strings.HasPrefix(e.Reason, "Failed") && e.Reason != "FailedScheduling" && !consequence:
			return 1
		case e.Type == corev1.EventTypeWarning:
			return 2
		}
		return 3
	}
	events := slices.DeleteFunc(slices.Clone(c.Events), func(e corev1.Event) bool {
		return e.InvolvedObject.Kind != kind || e.InvolvedObject.Name != name || e.Type != corev1.EventTypeWarning && !slices.Contains(explaining, e.Reason)
	})
	if len(events) == 0 {
		return ""
	}
	first := slices.MinFunc(events, func(a, b corev1.Event) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), observed.LastSeen(b).Compare(observed.LastSeen(a)))
	})
	return first.Reason + ": " + printable.Short(first.Message)
}

// explaining are the events that are no warnings and say for what a claim waits (Kubernetes, pkg/controller/volume/events).
var explaining = []string{"ExternalProvisioning", "WaitForFirstConsumer", "WaitForPodScheduled", "Provisioning"}
