package corefile

import (
	"math"
	"strings"
)

// A match is a live directive and ours that it corresponds to, if any.
type match struct {
	ours *directive
	live directive
}

// matched pairs directives: first those of the same words, then those of the same name and first argument, then those of the
// same name. No directive is in two pairs.
func matched(ours, live []directive) []match {
	pairs := make([]match, len(live))
	taken := make([]bool, len(ours))
	for _, words := range []int{math.MaxInt, 2, 1} {
		free := map[string][]int{}
		for i, d := range ours {
			if !taken[i] {
				key := d.begin(words)
				free[key] = append(free[key], i)
			}
		}
		for i, d := range live {
			pairs[i].live = d
			if at := free[d.begin(words)]; pairs[i].ours == nil && len(at) > 0 {
				pairs[i].ours, taken[at[0]] = &ours[at[0]], true
				free[d.begin(words)] = at[1:]
			}
		}
	}
	return pairs
}

// begin returns the first words of a directive as one text.
func (d directive) begin(words int) string {
	return strings.Join(d.words[:min(words, len(d.words))], "\x00")
}
