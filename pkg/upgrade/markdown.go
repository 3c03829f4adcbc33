package upgrade

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// Markdown prints the plan for a pull request: the summary, a table of the addons, the decisions, and the objects folded.
func (p *Plan) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(printable.Line(fmt.Sprintf(format, args...)) + "\n") }
	line("### Upgrade from %s to %s", escaped(p.From.Kubernetes), escaped(p.To.Kubernetes))
	line("")
	line("%s", escaped(p.Summary))
	line("")
	for _, d := range p.Decisions {
		line("* **%s**", escaped(d.String()))
	}
	for _, c := range p.Preconditions {
		for _, l := range c.Lines() {
			line("* %s", escaped(l))
		}
	}
	if len(p.Decisions)+len(p.Preconditions) > 0 {
		line("")
	}
	line("| addon | from | to | what happens | phase |")
	line("|---|---|---|---|---|")
	for _, a := range p.Addons {
		line("| %s | %s | %s | %s | %s |", escaped(a.Name), escaped(a.From), escaped(a.To), a.Class, a.Phase)
	}
	for _, a := range p.Addons {
		lines := strings.Split(strings.TrimSpace(a.Text()), "\n")
		line("")
		line("<details><summary>%s</summary>", escaped(lines[0]))
		line("")
		for _, l := range lines[1:] {
			line("* %s", escaped(strings.TrimSpace(l)))
		}
		line("")
		line("</details>")
	}
	return b.String()
}

// escaped is text in which nothing is markup.
func escaped(text string) string {
	return strings.NewReplacer("\n", " ", `\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "`", "\\`", "[", `\[`, "]", `\]`, "_", `\_`, "@", "&#64;").Replace(text)
}
