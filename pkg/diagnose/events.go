package diagnose

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// mostEvents bounds the events of a digest.
const mostEvents = 5

// digestEvents returns the last few of what was said.
func digestEvents(events []corev1.Event) []check.Event {
	all := mergedEvents(events)
	all = all[:min(len(all), mostEvents)]
	for i := range all {
		all[i].Message = printable.Short(all[i].Message)
	}
	return all
}

// mergedEvents joins events that say the same but for numbers, such as ports, and puts the last first.
func mergedEvents(events []corev1.Event) []check.Event {
	at := map[string]int{}
	var all []check.Event
	for _, e := range events {
		one := check.Event{Reason: e.Reason, Message: printable.OneLine(e.Message), Count: max(e.Count, 1), Last: observed.LastSeen(e)}
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
	slices.SortStableFunc(all, func(a, b check.Event) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Message, b.Message)) })
	return all
}

var numbers = regexp.MustCompile(`[0-9]+`)
