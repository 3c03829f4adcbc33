package diagnose

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// tableYAML is what the parts of Kubernetes say.
//
//go:embed rules.yaml
var tableYAML []byte

// A table is the rules in the order in which they are tried: for what is not ready, and for pods that are ready.
type table struct {
	APIVersion string     `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string     `json:"kind" required:"true" enum:"Diagnoses" doc:"kind of this file"`
	Rules      []tableRow `json:"rules" required:"true" doc:"rules for what is not ready"`
	Ready      []tableRow `json:"ready" required:"true" doc:"rules for pods that are ready"`
}

// A tableRow is a pattern, a function of this package, or the place of the diagnoses of addons.
type tableRow struct {
	Cause         string   `json:"cause" doc:"name of the cause"`
	Code          string   `json:"code" doc:"function of this package, in place of a pattern"`
	Addons        string   `json:"addons" enum:"first,fallback" doc:"here the diagnoses of addons are tried: those that go first, or those that are a fallback"`
	In            string   `json:"in" doc:"what the pattern is looked for in"`
	Of            []string `json:"of" doc:"reasons of the events or of the waiting container"`
	Probe         string   `json:"probe" doc:"only for rows of this probe"`
	Pattern       string   `json:"pattern" doc:"regular expression"`
	TerminalAfter string   `json:"terminalAfter" enum:"10s,3m" doc:"how long it holds until it does not pass by itself; absent where it may always"`
	Means         string   `json:"means" doc:"what it means"`
	Remedy        string   `json:"remedy" doc:"what mends it"`
}

// sources are what patterns are looked for in.
var sources = map[string]func(of []string) source{
	"apiError":           func([]string) source { return apiError },
	"apiErrorWithoutPod": func([]string) source { return apiErrorWithoutPod },
	"crashLog":           func([]string) source { return crashLog },
	"createError":        func([]string) source { return createError },
	"events":             func(of []string) source { return eventsWith(of...) },
	"eventsSinceStart":   func(of []string) source { return eventsSinceStart(of...) },
	"everything":         func([]string) source { return allText },
	"log":                func([]string) source { return logText },
	"logError":           func([]string) source { return logError },
	"pullError":          func([]string) source { return pullError },
	"schedulerMessage":   func([]string) source { return schedulerMessage },
	"startError":         func([]string) source { return startError },
	"unreadiness":        func([]string) source { return unreadiness },
	"waiting":            func(of []string) source { return waitingFor(of...) },
}

// terminal are the times of terminalAfter.
var terminal = map[string]time.Duration{"": neverTerminal, "10s": terminalAfter10s, "3m": terminalAfter3m}

// builtin is the embedded table. A test reads it, so that it has no faults.
var builtin = sync.OnceValue(func() table {
	t, err := readTable("rules.yaml", tableYAML)
	if err != nil {
		panic("embedded table of diagnoses: " + err.Error())
	}
	return t
})

// readTable reads a table; the error has everything that is wrong with it.
func readTable(file string, text []byte) (table, error) {
	var t table
	lines, err := strictyaml.Decode(file, text, &t)
	if err != nil {
		return t, err
	}
	var faults strictyaml.Faults
	for _, list := range []struct {
		name string
		rows []tableRow
	}{{"rules", t.Rules}, {"ready", t.Ready}} {
		for i, row := range list.rows {
			if problem := row.problem(); problem != "" {
				field := fmt.Sprintf("%s[%d]", list.name, i)
				faults = append(faults, strictyaml.Fault{File: file, Line: lines[field], Field: field, Problem: problem})
			}
		}
	}
	return t, faults.ErrorOrNil()
}

func (r tableRow) problem() string {
	if r.Addons != "" {
		if r.Cause != "" || r.Code != "" || r.Pattern != "" {
			return "is the place of addons, and a rule; remove one of them"
		}
		return ""
	}
	if r.Cause == "" || (r.Code == "") == (r.Pattern == "") {
		return "has no cause, or not one of code and pattern; give them"
	}
	if r.Code != "" {
		if functions[r.Code] == nil {
			return "names the code " + r.Code + ", which there is not"
		}
		return ""
	}
	if sources[r.In] == nil {
		return fmt.Sprintf("looks in %q, which there is not", r.In)
	}
	if _, err := regexp.Compile(r.Pattern); err != nil {
		return err.Error()
	}
	return ""
}

// rule makes a rule of a row.
func (r tableRow) rule() rule {
	if r.Code != "" {
		return rule{r.Cause, functions[r.Code]}
	}
	where := sources[r.In](r.Of)
	if r.Probe != "" {
		where = forProbe(r.Probe, where)
	}
	return rule{r.Cause, matchRule(where, r.Pattern, terminal[r.TerminalAfter], r.Means, r.Remedy)}
}

// forProbe is a source that has something only for rows of a probe.
func forProbe(probe string, where source) source {
	return func(p subject) string {
		if p.row.Check != probe {
			return ""
		}
		return where(p)
	}
}

// ruleSet is the rules of a run: the built-in ones, and those of its addons in their places.
type ruleSet struct{ unready, ready []rule }

// builtinRules are the rules where no addon has any.
var builtinRules = sync.OnceValue(func() ruleSet { return builtin().with(nil) })

func rulesWith(own []AddonDiagnosis) ruleSet {
	if len(own) == 0 {
		return builtinRules()
	}
	return builtin().with(own)
}

func (t table) with(own []AddonDiagnosis) ruleSet {
	return ruleSet{unready: inPlace(t.Rules, own, false), ready: inPlace(t.Ready, own, true)}
}

func inPlace(rows []tableRow, own []AddonDiagnosis, ready bool) []rule {
	var rules []rule
	for _, row := range rows {
		if row.Addons == "" {
			rules = append(rules, row.rule())
			continue
		}
		for _, d := range own {
			if d.Ready == ready && d.Fallback == (row.Addons == "fallback") {
				rules = append(rules, rule{d.Cause, logged(d)})
			}
		}
	}
	return rules
}

// An AddonDiagnosis is one that an addon brings. It is tried on the logs of that addon alone.
type AddonDiagnosis struct {
	bundle.Diagnosis
	Objects map[manifest.ID]bool // of the addon
}

// mostMatches bounds how often a pattern of an addon is looked for in one log.
const mostMatches = 1000

// logged is a rule of an addon: the first line that matches, or where a group names a node the last one about a node of the row.
func logged(d AddonDiagnosis) func(subject) (match, bool) {
	where := source(logText)
	if d.Probe != "" {
		where = forProbe(d.Probe, where)
	}
	return func(p subject) (match, bool) {
		if p.object == nil || !d.Objects[manifest.IDOf(p.object)] {
			return match{}, false
		}
		text := where(p)
		for _, at := range slices.Backward(matches(d, text)) {
			if d.NodeGroup > 0 && p.row.Trail != nil {
				from, to := at[2*d.NodeGroup], at[2*d.NodeGroup+1]
				if from < 0 || !slices.Contains(check.DestinationNodes(p.row.Trail.Failed), text[from:to]) {
					continue
				}
			}
			fill := func(template string) string {
				return p.fill(string(d.Pattern.ExpandString(nil, template, text, at)))
			}
			return match{fill(d.Means), fill(d.Remedy), neverTerminal}, true
		}
		return match{}, false
	}
}

func matches(d AddonDiagnosis, text string) [][]int {
	if d.NodeGroup == 0 {
		return d.Pattern.FindAllStringSubmatchIndex(text, 1)
	}
	return d.Pattern.FindAllStringSubmatchIndex(text, mostMatches)
}
