package cluster

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/probe"
)

// What a pod tells of losses is bounded for each list, and is of the tasks that it was given.
func TestReadLosses(t *testing.T) {
	tasks := []probe.Task{{ID: "a"}, {ID: "b"}}
	const good = `[{"id":"b","sent":1},{"id":"a","sent":2}]` + "\n"
	for name, test := range map[string]struct {
		text string
		seen int
		says string
	}{
		"three lists":  {good + good + good, 3, ""},
		"for long":     {strings.Repeat(good, 10000), 10000, ""},
		"too few":      {good + `[{"id":"a"}]`, 1, "losses of 1 tasks instead of 2"},
		"of another":   {`[{"id":"a"},{"id":"c\u001b[2J"}]`, 0, `losses of no task, or for a second time: c\x1b[2J`},
		"of one twice": {`[{"id":"a"},{"id":"a"}]`, 0, "for a second time: a"},
		"endless":      {good + `[{"id":"` + strings.Repeat("a", 5*resultBytes), 1, "a list has more than 192 KiB"},
		"no JSON":      {"sh: no such program", 0, "invalid character"},
	} {
		seen := 0
		err := readLosses(strings.NewReader(test.text), tasks, func([]probe.Loss) { seen++ })
		if seen != test.seen || (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: saw %d, error %v; want %d, %q", name, seen, err, test.seen, test.says)
		}
	}
}
