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
	line("### Upgrade from %s to %s", printable.Markdown(p.From.Kubernetes), printable.Markdown(p.To.Kubernetes))
	line("")
	line("%s", printable.Markdown(p.Summary))
	line("")
	for _, d := range p.Decisions {
		line("* **%s**", printable.Markdown(d.String()))
	}
	for _, c := range p.Preconditions {
		for _, l := range c.Lines() {
			line("* %s", printable.Markdown(l))
		}
	}
	if len(p.Decisions)+len(p.Preconditions) > 0 {
		line("")
	}
	line("| addon | from | to | what happens | phase |")
	line("|---|---|---|---|---|")
	for _, a := range p.Addons {
		line("| %s | %s | %s | %s | %s |", printable.Markdown(a.Name), printable.Markdown(a.From), printable.Markdown(a.To), a.Class, a.Phase)
	}
	for _, a := range p.Addons {
		lines := strings.Split(strings.TrimSpace(a.Text()), "\n")
		line("")
		line("<details><summary>%s</summary>", printable.Markdown(lines[0]))
		line("")
		for _, l := range lines[1:] {
			line("* %s", printable.Markdown(strings.TrimSpace(l)))
		}
		line("")
		line("</details>")
	}
	return b.String()
}
