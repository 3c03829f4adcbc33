package diagnose

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// A rule is a likely cause: by which signs it is known, what it means, and what mends it.
type rule struct {
	cause string
	find  func(subject) (match, bool)
}

// A match is a diagnosis that holds. after is for how long it must hold until it is told as not passing by itself; 0 where
// it may.
type match struct {
	explanation, remedy string
	after               time.Duration
}

// How long a cause is given to pass.
const (
	neverTerminal    = time.Duration(0) // it may always
	terminalAfter10s = 10 * time.Second // others may be about to mend it: a controller that creates a Secret, a rollout that frees quota
	terminalAfter3m  = 3 * time.Minute  // networks and registries come back
)

// rules are all in the order in which they are tried.
var rules = slices.Concat(missingRules, objectRules, lostNodeRules, schedulingRules, imageRules, containerRules, nodeRules)

// A diagnosis is a conclusion with the name of its cause; empty where nothing is known.
type diagnosis struct {
	cause string
	match
}

// firstMatch returns the first diagnosis that holds.
func (p subject) firstMatch(list []rule) (diagnosis, bool) {
	for _, d := range list {
		if f, ok := d.find(p); ok {
			return diagnosis{d.cause, f}, true
		}
	}
	return diagnosis{}, false
}

// A source is where a diagnosis looks for its sign.
type source func(subject) string

// matchRule is a diagnosis by a sign in a text. means and remedy may have its groups ($1), and {image}, {pod}, {node}, {container}.
func matchRule(where source, sign string, after time.Duration, means, remedy string) func(subject) (match, bool) {
	pattern := regexp.MustCompile(sign)
	return func(p subject) (match, bool) {
		text := where(p)
		at := pattern.FindStringSubmatchIndex(text)
		if at == nil {
			return match{}, false
		}
		fill := func(template string) string {
			return p.fill(string(pattern.ExpandString(nil, template, text, at)))
		}
		return match{fill(means), fill(remedy), after}, true
	}
}

// fill puts names into a text.
func (p subject) fill(text string) string {
	pod, node, container, namespace := "", "", "", ""
	if p.pod != nil {
		pod, namespace = p.pod.Name, p.pod.Namespace
	} else if p.object != nil {
		namespace = p.object.GetNamespace()
	}
	if p.node != nil {
		node = p.node.Name
	}
	if p.container != nil {
		container = p.container.Name
	}
	return strings.NewReplacer("{pod}", pod, "{node}", node, "{container}", container, "{image}", p.image(), "{namespace}", namespace).Replace(text)
}

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
