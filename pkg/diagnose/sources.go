package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// A source is where a diagnosis looks for its sign.
type source func(subject) string

// createError is why no pod can be created. Events of causes that are over stay for an hour, and new ones may be dropped
// where there are many: the condition of the object counts, unless something was said after it was set.
func createError(p subject) string {
	if p.object == nil || p.pod != nil {
		return ""
	}
	failure := observed.Condition(p.object, "ReplicaFailure")
	set, err := time.Parse(time.RFC3339, observed.String(failure["lastTransitionTime"]))
	for _, e := range mergedEvents(p.events()) {
		if e.Reason == "FailedCreate" && (err != nil || e.Last.After(set)) {
			return e.Message
		}
	}
	return observed.String(failure["message"])
}

// eventsWith are those of events with one of the reasons, the last first.
func eventsWith(reasons ...string) source {
	return func(p subject) string { return p.eventMessages(time.Time{}, reasons) }
}

// eventsSinceStart are those messages of what a pod needs before its containers start, as far as they are newer than the last
// start of the container in trouble: what kept it waiting before that is over.
func eventsSinceStart(reasons ...string) source {
	return func(p subject) string { return p.eventMessages(p.started(), reasons) }
}

// eventMessages are the messages of events with one of the reasons, the last first: those after some time, or all when that is zero.
func (p subject) eventMessages(after time.Time, reasons []string) string {
	var all []string
	for _, e := range mergedEvents(p.events()) {
		if slices.Contains(reasons, e.Reason) && (after.IsZero() || e.Last.After(after)) {
			all = append(all, e.Message)
		}
	}
	return strings.Join(all, "\n")
}

// pullError is why an image cannot be had: old kubelets say it in events only.
func pullError(p subject) string {
	w := p.waits()
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable":
		return printable.OneLine(w.Message) + "\n" + eventsWith("Failed")(p)
	}
	return ""
}

// waitingFor is why a container waits, for one of the reasons.
func waitingFor(reasons ...string) source {
	return func(p subject) string {
		if w := p.waits(); slices.Contains(reasons, w.Reason) {
			return w.Reason + ": " + printable.OneLine(w.Message)
		}
		return ""
	}
}

// logText is what the container has said: its log, and what it left at its end.
func logText(p subject) string {
	text := p.log().Text
	if ended := p.ended(); ended != nil {
		text += "\n" + ended.Message
	}
	return text
}

// startError is what the runtime says of a container that it cannot start.
func startError(p subject) string {
	return waitingFor("CreateContainerError", "RunContainerError")(p) + "\n" + logText(p)
}

// apiErrorWithoutPod is why, where no pod behind the API says more.
func apiErrorWithoutPod(p subject) string {
	if p.pod != nil {
		return ""
	}
	return apiError(p)
}

// apiError is why the API server does not reach an aggregated API.
func apiError(p subject) string {
	if p.object == nil || p.object.GetKind() != "APIService" {
		return ""
	}
	available := observed.Condition(p.object, "Available")
	if available["status"] == "True" {
		return ""
	}
	return observed.String(available["reason"]) + ": " + observed.String(available["message"])
}
