package corefile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An argument is one place in a description of arguments: what may stand there, and how often.
type argument struct {
	kinds  []kind
	repeat byte // 0 for once, or one of ? * +
	most   int  // how often at most if it is repeated; 0 for any number
}

// A grammar is what a plugin or an option takes: one of several sequences of arguments.
type grammar [][]argument

// repeated is a place with how often it may stand there: any*, upstream+15.
var repeated = regexp.MustCompile(`^(.+)([?*+])(\d*)$`)

// grammar reads a description: sequences parted by " / ", each of places parted by blanks, each of kinds parted by |, with ?, * or +, and
// a number for at most so many; - is the empty sequence. A kind is the name of one (duration), with a range if it has one (int(1,)), a word (=random), a word in any case (~exact), or the
// name of a list of words of the table.
func (t *Table) grammar(description string) (grammar, error) {
	var all grammar
	for sequence := range strings.SplitSeq(description, " / ") {
		arguments := []argument{}
		for place := range strings.FieldsSeq(sequence) {
			if place == "-" {
				continue // the empty sequence
			}
			var a argument
			if parts := repeated.FindStringSubmatch(place); parts != nil {
				place, a.repeat = parts[1], parts[2][0]
				a.most, _ = strconv.Atoi(parts[3]) // 0 where there is none
			}
			for name := range strings.SplitSeq(place, "|") {
				k, err := t.kind(name)
				if err != nil {
					return nil, err
				}
				a.kinds = append(a.kinds, k)
			}
			arguments = append(arguments, a)
		}
		all = append(all, arguments)
	}
	return all, nil
}

// A mismatch is where words are not what a grammar wants.
type mismatch struct {
	at       int    // index of the word; as many as there are words if one is missing
	expected []kind // what would be right there; none if no word would be
}

// match compares words with a grammar, and returns nil if they are what it wants; where several sequences do not fit, the mismatch of
// the one that fits longest.
func (g grammar) match(words []string, in Container) *mismatch {
	var worst *mismatch
	for _, sequence := range g {
		m := matchSequence(sequence, words, in)
		if m == nil {
			return nil
		}
		if worst == nil || m.at > worst.at {
			worst = m
		}
	}
	return worst
}

func matchSequence(sequence []argument, words []string, in Container) *mismatch {
	at := 0
	var skipped []kind // what could also stand at this place
	for i, a := range sequence {
		taken, most := 0, len(words)-least(sequence[i+1:])
		if a.repeat == 0 || a.repeat == '+' {
			most = max(most, at+1)
		}
		if a.most > 0 {
			most = min(most, at+a.most)
		}
		for at < min(most, len(words)) && (taken == 0 || a.repeat == '*' || a.repeat == '+') && a.takes(words[at], in) {
			at, taken, skipped = at+1, taken+1, nil
		}
		if taken == 0 && (a.repeat == 0 || a.repeat == '+') {
			return &mismatch{at, append(skipped, a.kinds...)}
		}
		if a.repeat != 0 && (a.most == 0 || taken < a.most) {
			skipped = append(skipped, a.kinds...)
		}
	}
	if at < len(words) {
		return &mismatch{at, skipped}
	}
	return nil
}

// least returns how many words a sequence takes at least.
func least(sequence []argument) int {
	n := 0
	for _, a := range sequence {
		if a.repeat == 0 || a.repeat == '+' {
			n++
		}
	}
	return n
}

func (a argument) takes(word string, in Container) bool {
	return substituted(word) || slices.ContainsFunc(a.kinds, func(k kind) bool { return k.is(word, in) })
}

// arguments checks those of a plugin and of its options, as far as the table describes them.
func (c *checking) arguments(d directive, p Plugin) {
	if len(p.Inline) > 0 {
		c.rule(d, p)
		return
	}
	if args := p.argsOf(c.version); args != nil {
		c.takes(d.line, d.name(), *args, d.words[1:])
	}
	closed := false
	for _, o := range d.body {
		if _, isImport := o.imported(); isImport || substituted(o.name()) {
			return // nobody knows what comes in
		}
		args, described := p.OptionArgs[o.name()]
		switch {
		case described:
			c.takes(o.line, d.name()+": "+shown(o.name()), args, o.words[1:])
		case closed && len(c.faults) < maxFaults:
			c.fault(o.line, true, d.name(), "has an entry behind "+p.DataUntil+", and "+c.server()+" does not start with it", "put it before "+p.DataUntil)
		}
		closed = closed || p.DataUntil != "" && o.name() == p.DataUntil
	}
	if len(p.Needs) > 0 && !slices.ContainsFunc(d.body, func(o directive) bool { return slices.Contains(p.Needs, o.name()) }) && len(c.faults) < maxFaults {
		c.fault(d.line, true, d.name(), "has no "+strings.Join(p.Needs, ", nor ")+", and "+c.server()+" does not start with it", "give it, or remove the plugin")
	}
}

// rule checks a plugin whose words and lines are one rule: of a kind that its first word names, behind words that say how it goes on.
func (c *checking) rule(d directive, p Plugin) {
	words := d.words[1:]
	for _, o := range d.body {
		if _, isImport := o.imported(); isImport {
			return
		}
		words = append(slices.Clone(words), o.words...)
	}
	for len(words) > 0 && slices.Contains(p.Inline, strings.ToLower(words[0])) {
		words = words[1:]
	}
	if len(words) == 0 {
		c.takes(d.line, d.name(), "any+", nil)
		return
	}
	if args, described := p.OptionArgs[strings.ToLower(words[0])]; described {
		c.takes(d.line, d.name()+": "+shown(words[0]), args, words[1:])
	}
}

// takes checks words against a description of arguments.
func (c *checking) takes(line int, subject, description string, words []string) {
	g, err := c.table.grammar(description)
	if err != nil || len(c.faults) >= maxFaults {
		return // DecodeTable has read it
	}
	m := g.match(words, c.container)
	if m == nil {
		return
	}
	var expected []string
	remedy := "correct it, or remove the line"
	for _, k := range m.expected {
		if len(m.expected) == 1 && k.remedy != "" {
			remedy = k.remedy
		}
		if !slices.Contains(expected, k.means) {
			expected = append(expected, k.means)
		}
	}
	means := strings.Join(expected, " or ")
	switch {
	case m.at == len(words):
		c.fault(line, true, subject, fmt.Sprintf("lacks %s, and %s does not start with it", means, c.server()), "give it, or remove the line")
	case len(expected) == 0:
		c.fault(line, true, subject, fmt.Sprintf("has %s, which is one argument too many, and %s does not start with it", shown(words[m.at]), c.server()), "remove it")
	default:
		c.fault(line, true, subject, fmt.Sprintf("has %s where %s is to be, and %s does not start with it", shown(words[m.at]), means, c.server()), remedy)
	}
}
