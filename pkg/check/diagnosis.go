package check

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// A diagnosis is a likely cause: by which signs it is known, what it means, and what mends it.
type diagnosis struct {
	cause string
	find  func(patient) (conclusion, bool)
}

// A conclusion is a diagnosis that holds. after is for how long it must hold until it is told as not passing by itself; 0 where
// it may.
type conclusion struct {
	means, remedy string
	after         time.Duration
}

// How long a cause is given to pass.
const (
	may  = time.Duration(0) // it may always
	soon = 10 * time.Second // others may be about to mend it: a controller that creates a Secret, a rollout that frees quota
	late = 3 * time.Minute  // networks and registries come back
)

// diagnoses are all in the order in which they are tried.
var diagnoses = slices.Concat(ofAbsence, ofObjects, ofLostNodes, ofScheduling, ofImages, ofContainers, ofNodes)

// A result is a conclusion with the name of its cause; empty where nothing is known.
type result struct {
	cause string
	conclusion
}

// explain returns the first diagnosis that holds.
func (p patient) explain(list []diagnosis) (result, bool) {
	for _, d := range list {
		if f, ok := d.find(p); ok {
			return result{d.cause, f}, true
		}
	}
	return result{}, false
}

// A source is where a diagnosis looks for its sign.
type source func(patient) string

// says is a diagnosis by a sign in a text. means and remedy may have its groups ($1), and {image}, {pod}, {node}, {container}.
func says(where source, sign string, after time.Duration, means, remedy string) func(patient) (conclusion, bool) {
	pattern := regexp.MustCompile(sign)
	return func(p patient) (conclusion, bool) {
		text := where(p)
		at := pattern.FindStringSubmatchIndex(text)
		if at == nil {
			return conclusion{}, false
		}
		fill := func(template string) string {
			return p.named(string(pattern.ExpandString(nil, template, text, at)))
		}
		return conclusion{fill(means), fill(remedy), after}, true
	}
}

// named puts names into a text.
func (p patient) named(text string) string {
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

// creation is why no pod can be created. Events of causes that are over stay for an hour, and new ones may be dropped
// where there are many: the condition of the object counts, unless something was said after it was set.
func creation(p patient) string {
	if p.object == nil || p.pod != nil {
		return ""
	}
	failure := conditionOf(p.object, "ReplicaFailure")
	set, err := time.Parse(time.RFC3339, text(failure["lastTransitionTime"]))
	for _, e := range joined(p.events()) {
		if e.Reason == "FailedCreate" && (err != nil || e.Last.After(set)) {
			return e.Message
		}
	}
	return text(failure["message"])
}

// messages are those of events with one of the reasons, the last first.
func messages(reasons ...string) source {
	return func(p patient) string { return p.said(time.Time{}, reasons) }
}

// obstacles are those messages of what a pod needs before its containers start, as far as they are newer than the last
// start of the container in trouble: what kept it waiting before that is over.
func obstacles(reasons ...string) source {
	return func(p patient) string { return p.said(p.started(), reasons) }
}

// said are the messages of events with one of the reasons, the last first: those after some time, or all when that is zero.
func (p patient) said(after time.Time, reasons []string) string {
	var all []string
	for _, e := range joined(p.events()) {
		if slices.Contains(reasons, e.Reason) && (after.IsZero() || e.Last.After(after)) {
			all = append(all, e.Message)
		}
	}
	return strings.Join(all, "\n")
}

// pulling is why an image cannot be had: old kubelets say it in events only.
func pulling(p patient) string {
	w := p.waits()
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable":
		return unbroken(w.Message) + "\n" + messages("Failed")(p)
	}
	return ""
}

// waitingFor is why a container waits, for one of the reasons.
func waitingFor(reasons ...string) source {
	return func(p patient) string {
		if w := p.waits(); slices.Contains(reasons, w.Reason) {
			return w.Reason + ": " + unbroken(w.Message)
		}
		return ""
	}
}

// told is what the container has said: its log, and what it left at its end.
func told(p patient) string {
	text := p.log().Text
	if ended := p.ended(); ended != nil {
		text += "\n" + ended.Message
	}
	return text
}

// starting is what the runtime says of a container that it cannot start.
func starting(p patient) string {
	return waitingFor("CreateContainerError", "RunContainerError")(p) + "\n" + told(p)
}

// servedByNone is why, where no pod behind the API says more.
func servedByNone(p patient) string {
	if p.pod != nil {
		return ""
	}
	return served(p)
}

// served is why the API server does not reach an aggregated API.
func served(p patient) string {
	if p.object == nil || p.object.GetKind() != "APIService" {
		return ""
	}
	available := conditionOf(p.object, "Available")
	if available["status"] == "True" {
		return ""
	}
	return text(available["reason"]) + ": " + text(available["message"])
}
