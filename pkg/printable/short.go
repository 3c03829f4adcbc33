package printable

import (
	"fmt"
	"strings"
)

// Short makes a message of others one line of bounded length.
func Short(message string) string {
	const most = 300
	return Cut(OneLine(message), most)
}

// OneLine makes a message of others one line: a line break within it is shown as \n, as Line does, and what else divides its
// words is a space.
func OneLine(message string) string {
	var lines []string
	for line := range strings.Lines(message) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	return strings.Join(lines, `\n`)
}

// Cut returns the first bytes of a text, with an ellipsis if there are more.
func Cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// FirstFew joins the first few of a list.
func FirstFew[T any](list []T) string {
	const most = 3
	text := ""
	for i, s := range list {
		if i == most {
			return fmt.Sprintf("%s and %d more", text, len(list)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(s)
	}
	return text
}
