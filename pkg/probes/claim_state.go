package probes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// A ClaimState is what was seen at one moment of a claim, its volume and the pod that is to mount it. What is not there
// is nil.
type ClaimState struct {
	Claim  *corev1.PersistentVolumeClaim
	Volume *corev1.PersistentVolume
	Pod    *corev1.Pod
	Events []corev1.Event
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
	return text + ", and has no events"
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
