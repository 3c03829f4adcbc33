package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// write prints the medians as a Markdown table, times with the least in brackets, which a busy machine changes less, and the
// requests of the last round by verb.
func write(w io.Writer, results []*result) error {
	fmt.Fprintln(w, "| objects, round trip | | requests | first run | to the floor | its CPU time | again: requests | again | objects changed | peak memory |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
	floor := map[string]time.Duration{}
	for _, r := range results {
		at := fmt.Sprintf("%d, %v", r.objects, r.delay)
		first := median(r.first, wallOf)
		if r.tool == toolNames[0] {
			floor[at] = first
		}
		fmt.Fprintf(w, "| %s | %s | %d | %s | %s | %.2f s | %d | %s | %d | %d MB |\n", at, r.tool,
			median(r.first, sample.sent), times(r.first), ratio(first, floor[at]),
			median(r.first, func(s sample) time.Duration { return s.cpu }).Seconds(),
			median(r.second, sample.sent), times(r.second),
			median(r.second, func(s sample) int { return s.changed }),
			max(median(r.first, peakOf), median(r.second, peakOf))>>20)
	}
	fmt.Fprintln(w, "\nrequests by verb, first run / again:")
	for _, r := range results {
		if _, err := fmt.Fprintf(w, "%d, %v, %s: %s / %s\n", r.objects, r.delay, r.tool, verbs(r.first), verbs(r.second)); err != nil {
			return err
		}
	}
	return nil
}

func peakOf(s sample) int64         { return s.peak }
func wallOf(s sample) time.Duration { return s.wall }

// times is the median and the least of how long a tool took.
func times(samples []sample) string {
	least := slices.MinFunc(samples, func(a, b sample) int { return cmp.Compare(a.wall, b.wall) })
	return fmt.Sprintf("%.2f s (%.2f)", median(samples, wallOf).Seconds(), least.wall.Seconds())
}

func (s sample) sent() int {
	n := 0
	for _, count := range s.requests {
		n += count
	}
	return n
}

func ratio(d, floor time.Duration) string {
	if floor == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", d.Seconds()/floor.Seconds())
}

// median returns the middle of what f finds in the samples; of an even number, the larger of the two in the middle.
func median[T cmp.Ordered](samples []sample, f func(sample) T) T {
	var values []T
	for _, s := range samples {
		values = append(values, f(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// verbs lists the requests of the last sample: 100 patch, 5 list.
func verbs(samples []sample) string {
	counts := samples[len(samples)-1].requests
	var out []string
	for _, verb := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%d %s", counts[verb], verb))
	}
	return strings.Join(out, ", ")
}
