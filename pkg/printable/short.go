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

// OneLine joins the lines of a message, and runs of white space in it.
func OneLine(message string) string { return strings.Join(strings.Fields(message), " ") }

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
