package check

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	corev1 "k8s.io/api/core/v1"
)

// A Digest is what is to be known of an unmet row: where it began, what was seen there, and what it likely comes from.
type Digest struct {
	Cause       string `json:"cause,omitempty"` // a name of the likely cause, such as image-unreachable; docs/report.md lists them
	Explanation string `json:"explanation,omitempty"`
	Remedy      string `json:"remedy,omitempty"`
	// Terminal says that the cause does not pass by itself, and After for how long it must have been seen for that.
	Terminal bool          `json:"terminal,omitempty"`
	After    time.Duration `json:"-"`

	Object     string   `json:"object"`
	Part       string   `json:"part,omitempty"` // what the object does for a probe that is unmet
	Pod        string   `json:"pod,omitempty"`  // namespace/name
	Container  string   `json:"container,omitempty"`
	Node       string   `json:"node,omitempty"`
	State      string   `json:"state,omitempty"`
	Conditions []string `json:"conditions,omitempty"` // of the node: those that are not as they should be
	Events     []Event  `json:"events,omitempty"`     // warnings, the last first
	Log        []string `json:"log,omitempty"`        // the end of the container's log, of the one before where it has crashed
	Missing    []string `json:"missing,omitempty"`    // what could not be asked
}

// An Event is what a component said of an object, however often.
type Event struct {
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int32     `json:"count"`
	Last    time.Time `json:"last"`
}

// Bounds of a digest.
const (
	mostEvents   = 5
	mostLogLines = 5
	mostLogBytes = 1024
)

// Rows gives the rows that are unmet their digests.
func Rows(s Snapshot, rows []Row) []Row {
	s = s.Indexed()
	rows = slices.Clone(rows)
	for i, row := range rows {
		if row.Verdict != Failed && row.Verdict != Degraded {
			continue
		}
		if p, ok := findSubject(s, row); ok {
			f, _ := p.firstMatch(rules)
			rows[i].Digest = p.digest(f)
		} else if row.Trail != nil {
			rows[i].Digest = digestOfHealthy(s, row, rows)
		}
	}
	return rows
}

// digest says what was seen of a patient, and what it likely comes from where that is known.
func (p subject) digest(f diagnosis) *Digest {
	d := &Digest{Object: p.id().String(), Part: p.role, Events: digestEvents(p.events()), Missing: p.s.Evidence.Unavailable}
	if p.pod != nil {
		d.Pod, d.Node = p.pod.Namespace+"/"+p.pod.Name, p.pod.Spec.NodeName
		d.State, _ = p.s.PodCause(p.pod)
	}
	if p.container != nil {
		d.Container = p.container.Name
	}
	if p.node != nil {
		d.Node, d.Conditions = p.node.Name, badConditions(p.node)
	}
	log := p.log()
	d.Log = logTail(log.Text)
	if log.Error != "" {
		d.Missing = append(slices.Clone(d.Missing), "the log: "+Short(log.Error))
	}
	d.Cause, d.Explanation, d.Remedy, d.After, d.Terminal = f.cause, Short(f.explanation), f.remedy, f.after, f.after > 0
	return d
}

// digestEvents returns the last few of what was said.
func digestEvents(events []corev1.Event) []Event {
	all := mergedEvents(events)
	all = all[:min(len(all), mostEvents)]
	for i := range all {
		all[i].Message = Short(all[i].Message)
	}
	return all
}

// mergedEvents joins events that say the same but for numbers, such as ports, and puts the last first.
func mergedEvents(events []corev1.Event) []Event {
	at := map[string]int{}
	var all []Event
	for _, e := range events {
		one := Event{Reason: e.Reason, Message: OneLine(e.Message), Count: max(e.Count, 1), Last: LastSeen(e)}
		if e.Series != nil {
			one.Count = max(one.Count, e.Series.Count)
		}
		key := one.Reason + " " + numbers.ReplaceAllString(one.Message, "0")
		i, known := at[key]
		switch {
		case !known:
			at[key] = len(all)
			all = append(all, one)
		case one.Last.After(all[i].Last):
			one.Count += all[i].Count
			all[i] = one
		default:
			all[i].Count += one.Count
		}
	}
	slices.SortStableFunc(all, func(a, b Event) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Message, b.Message)) })
	return all
}

var numbers = regexp.MustCompile(`[0-9]+`)

// LastSeen is when an event happened the last time; components set one of three fields.
func LastSeen(e corev1.Event) time.Time {
	last := e.LastTimestamp.Time
	if e.EventTime.After(last) {
		last = e.EventTime.Time
	}
	if e.Series != nil && e.Series.LastObservedTime.After(last) {
		last = e.Series.LastObservedTime.Time
	}
	return last.UTC()
}

// logTail returns the end of a log in bounds, without what a terminal would take for commands.
func logTail(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = lines[max(0, len(lines)-mostLogLines):]
	var out []string
	for i, left := len(lines)-1, mostLogBytes; i >= 0 && left > 0; i-- {
		plain := strings.TrimSpace(strings.Map(printable, colourCodes.ReplaceAllString(lines[i], "")))
		if plain == "" {
			continue
		}
		out = append(out, Cut(plain, left))
		left -= len(plain)
	}
	slices.Reverse(out)
	return out
}

// colourCodes are what programs colour their logs with.
var colourCodes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r):
		return -1
	}
	return r
}

// Lines says the digest for people.
func (d *Digest) Lines() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if d.Cause != "" {
		add("%s: %s", d.Cause, d.Explanation)
		add("remedy: %s", d.Remedy)
	}
	if d.Part != "" {
		add("%s %s", d.Object, d.Part)
	}
	if d.Pod != "" {
		add("pod %s: %s", d.Pod, d.State)
	}
	for _, c := range d.Conditions {
		add("node %s: %s", d.Node, c)
	}
	for _, e := range d.Events {
		add("event %s (%d times, last %s): %s", e.Reason, e.Count, e.Last.Format(time.RFC3339), e.Message)
	}
	for _, l := range d.Log {
		add("log: %s", l)
	}
	for _, m := range d.Missing {
		add("not known: %s", m)
	}
	return lines
}
