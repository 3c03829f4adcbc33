package parity

import (
	"slices"
	"testing"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, line string
		want          bool
	}{
		{"Pod a: x: only here", "Pod a: x: only here", true},
		{"Pod a: x: only here", "Pod a: x: only upstream", false},
		{"Pod a: *: only here", "Pod a: x: y: only here", true},
		{"Pod a: *: only here", "Pod b: x: only here", false},
		{"Pod *: env *: only here", "Pod a: container b: env C=d: only here", true},
		{"Pod *: env *: only here", "Pod a: container b: arg C=d: only here", false},
		{"Pod a: may * things: only here", "Pod a: may get others: only here", false},
		{`Account a: may \* things: only here`, "Account a: may * things: only here", true},
		{`Account a: may \* things: only here`, "Account a: may get things: only here", false},
		{"ab*ba", "aba", false},
	} {
		if got := matches(c.pattern, c.line); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.pattern, c.line, got)
		}
	}
}

func TestJudge(t *testing.T) {
	line := Line{Differences: []Listed{{Reason: "r", Lines: []string{"A a: x*", "A a: gone"}}, {Reason: "s", Lines: []string{"B b: *"}}}}
	unlisted, stale := line.judge([]string{"A a: x: only here", "A a: y: only here", "B b: z: only upstream"})
	if want := []string{"A a: y: only here"}; !slices.Equal(unlisted, want) {
		t.Errorf("unlisted %q, want %q", unlisted, want)
	}
	if want := []string{"A a: gone"}; !slices.Equal(stale, want) {
		t.Errorf("stale %q, want %q", stale, want)
	}
}
