package diagnose

import (
	"regexp"
	"strings"
	"time"
)

// A rule is a likely cause: what it is recognised by, what it means, and the remedy.
type rule struct {
	cause string
	find  func(subject) (match, bool)
}

// A match is what a rule says of a subject. after is for how long it must hold before it counts as terminal; 0 if
// it may.
type match struct {
	explanation, remedy string
	after               time.Duration
}

// How long a cause is given to pass.
const (
	neverTerminal    = time.Duration(0) // it may always
	terminalAfter10s = 10 * time.Second // others may be about to fix it: a controller that creates a Secret, a rollout that frees quota
	terminalAfter3m  = 3 * time.Minute  // networks and registries come back
)

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
