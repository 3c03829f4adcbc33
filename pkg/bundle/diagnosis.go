package bundle

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// A Diagnosis is what the addon's programs log when something keeps them from their work, and what it likely means. Package diagnose
// tries it on the logs of pods that may be at fault.
type Diagnosis struct {
	Cause     string `json:"cause" required:"true" doc:"name of the cause, as reports have it"`
	Log       string `json:"log" required:"true" doc:"regular expression (RE2) over what a container has logged"`
	Ready     bool   `json:"ready" doc:"for pods that are ready, of rows of probes; otherwise for those that are not"`
	Probe     string `json:"probe" doc:"only for rows of this probe"`
	NodeGroup int    `json:"nodeGroup" doc:"group of the expression that is the name of a node: in rows about nodes it must be one of them"`
	Fallback  bool   `json:"fallback" doc:"tried after the built-in ones about logs, not before"`
	Means     string `json:"means" required:"true" doc:"what it means; $1 is a group of the expression, {pod}, {container}, {image}, {node} and {namespace} what it is about"`
	Remedy    string `json:"remedy" required:"true" doc:"what to do, an imperative; with the same"`

	Pattern *regexp.Regexp `json:"-"` // what Log says
}

// Bounds of diagnoses. RE2 takes time in the length of the log and of the expression, and no more.
const (
	maxDiagnoses  = 50
	maxExpression = 1000
	maxSentence   = 500
)

// groupsNamed are the groups that a text names.
var groupsNamed = regexp.MustCompile(`\$(\d+)`)

// compile reads the expressions of the addon's diagnoses, and reports those that cannot be.
func (a *Addon) compile() []place {
	var wrong []place
	if len(a.Diagnoses) > maxDiagnoses {
		return []place{{"diagnoses", fmt.Errorf("has %d entries; keep the %d most likely", len(a.Diagnoses), maxDiagnoses)}}
	}
	for i := range a.Diagnoses {
		if p := a.Diagnoses[i].compile(); p != nil {
			wrong = append(wrong, place{fmt.Sprintf("diagnoses[%d].%s", i, p.field), p.error})
		}
	}
	return wrong
}

func (d *Diagnosis) compile() *place {
	if !namePattern.MatchString(d.Cause) {
		return &place{"cause", fmt.Errorf("is %q; use lower-case letters, digits and dashes, 63 at the most", d.Cause)}
	}
	if len(d.Log) > maxExpression {
		return &place{"log", fmt.Errorf("has %d characters; keep to %d", len(d.Log), maxExpression)}
	}
	pattern, err := regexp.Compile(d.Log)
	if err != nil {
		return &place{"log", fmt.Errorf("is no regular expression: %w", err)}
	}
	if pattern.MatchString("") {
		return &place{"log", errors.New("matches a log that is empty; say what must be there")}
	}
	if d.NodeGroup < 0 || d.NodeGroup > pattern.NumSubexp() {
		return &place{"nodeGroup", fmt.Errorf("is %d, but the expression has %d groups", d.NodeGroup, pattern.NumSubexp())}
	}
	for field, text := range map[string]string{"means": d.Means, "remedy": d.Remedy} {
		if len(text) > maxSentence {
			return &place{field, fmt.Errorf("has %d characters; keep to %d", len(text), maxSentence)}
		}
		for _, m := range groupsNamed.FindAllStringSubmatch(text, -1) {
			if n, err := strconv.Atoi(m[1]); err != nil || n > pattern.NumSubexp() {
				return &place{field, fmt.Errorf("names the group %s, but the expression has %d", m[0], pattern.NumSubexp())}
			}
		}
	}
	d.Pattern = pattern
	return nil
}
