package parity

import "strings"

// judge sorts differences into those that are listed and those that are not, and returns the listed lines that match none.
func (l Line) judge(differences []string) (unlisted, stale []string) {
	listed := map[string]bool{}
	for _, entry := range l.Differences {
		for _, pattern := range entry.Lines {
			found := false
			for _, difference := range differences {
				if matches(pattern, difference) {
					found, listed[difference] = true, true
				}
			}
			if !found {
				stale = append(stale, pattern)
			}
		}
	}
	for _, difference := range differences {
		if !listed[difference] {
			unlisted = append(unlisted, difference)
		}
	}
	return unlisted, stale
}

// star stands for \*, a star that means itself, while a pattern is taken apart.
const star = "\x00"

// matches reports whether a line is the pattern, in which * stands for any text.
func matches(pattern, line string) bool {
	line = strings.ReplaceAll(line, "*", star)
	pieces := strings.Split(strings.ReplaceAll(pattern, `\*`, star), "*")
	if len(pieces) == 1 {
		return pieces[0] == line
	}
	rest, ok := strings.CutPrefix(line, pieces[0])
	if !ok {
		return false
	}
	for _, piece := range pieces[1 : len(pieces)-1] {
		_, after, found := strings.Cut(rest, piece)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, pieces[len(pieces)-1])
}
