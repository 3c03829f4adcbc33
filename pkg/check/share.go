package check

import (
	"fmt"
	"strconv"
	"strings"
)

// A Share is how many of a number: a percentage, or so many. The zero value is all of them.
type Share struct {
	n       int
	percent bool
}

// ParseShare reads 90% or 3. It must be at least 1, and no more than 100%.
func ParseShare(text string) (Share, error) {
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || percent && n > 100 {
		return Share{}, fmt.Errorf("%q is no share; give a percentage from 1%% to 100%%, or a number from 1", text)
	}
	return Share{n, percent}, nil
}

// of returns how many of all that is, rounded up.
func (s Share) of(all int) int {
	switch {
	case s.percent:
		return (all*s.n + 99) / 100
	case s.n > 0:
		return min(s.n, all)
	}
	return all
}
