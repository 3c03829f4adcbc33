package printable

import (
	"fmt"
	"strings"
)

// Count writes a number with its noun: 1 pod, 2 pods.
func Count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

var markup = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "|", `\|`, "@", "&#64;", "#", `\#`)

// Markdown makes a text that somebody else wrote a line of Markdown in which nothing is markup.
func Markdown(s string) string { return markup.Replace(Line(s)) }
