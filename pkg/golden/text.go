package golden

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// mostNames is how many clusters are named in a line.
const mostNames = 5

// Text says in a line each what differs, the summary first.
func (c *Comparison) Text() string {
	var b strings.Builder
	for _, line := range append([]string{c.Summary()}, c.lines()...) {
		b.WriteString(printable.Line(line) + "\n")
	}
	return b.String()
}

// Markdown is the text for a pull request: the summary, a list of what differs, and the clusters of each change.
func (c *Comparison) Markdown() string {
	var b strings.Builder
	b.WriteString("**" + printable.Markdown(c.Summary()) + "**\n")
	if lines := c.lines(); len(lines) > 0 {
		b.WriteString("\n")
		for _, line := range lines {
			b.WriteString("* " + printable.Markdown(line) + "\n")
		}
	}
	return b.String()
}

// Summary is the comparison in one line.
func (c *Comparison) Summary() string {
	parts := []string{printable.Count(c.Clusters, "cluster")}
	for _, part := range []struct {
		n    int
		text string
	}{
		{len(c.Changed), "%d changed"}, {len(c.Added), "%d new"}, {len(c.Removed), "%d without a cluster file"},
		{len(c.Edited), "%d files not as they were written"}, {len(c.Unused), "%d files that no cluster has"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf(part.text, part.n))
		}
	}
	if c.Same() {
		parts = append(parts, "nothing differs")
	}
	return parts[0] + ": " + strings.Join(parts[1:], ", ")
}

// lines says what differs: versions of Kubernetes, addons, then clusters and files that came and went.
func (c *Comparison) lines() []string {
	lines := c.versions()
	for _, group := range c.groups() {
		lines = append(lines, fmt.Sprintf("%s on %s: %s", group.title, c.on(group.clusters), group.effect))
	}
	for _, list := range []struct {
		names []string
		text  string
	}{
		{c.others(), "other settings, which change no object"}, {c.Added, "new"}, {c.Removed, "without a cluster file"},
		{c.Edited, "not as it was written"}, {c.Unused, "of no cluster"},
	} {
		if len(list.names) > 0 {
			lines = append(lines, list.text+": "+few(list.names))
		}
	}
	return lines
}

// versions says which clusters have another Kubernetes version.
func (c *Comparison) versions() []string {
	clusters := map[[2]string][]string{}
	for _, change := range c.Changed {
		if key := [2]string{change.Before.Kubernetes, change.After.Kubernetes}; key[0] != key[1] {
			clusters[key] = append(clusters[key], change.Name)
		}
	}
	var lines []string
	for key, names := range clusters {
		lines = append(lines, fmt.Sprintf("Kubernetes %s to %s on %s", key[0], key[1], c.on(names)))
	}
	slices.Sort(lines)
	return lines
}

// others are the clusters whose index differs, and none of their addons.
func (c *Comparison) others() []string {
	touched := map[string]bool{}
	for _, change := range c.Addons {
		for _, name := range change.Clusters {
			touched[name] = true
		}
	}
	var names []string
	for _, change := range c.Changed {
		if !touched[change.Name] && change.Before.Kubernetes == change.After.Kubernetes {
			names = append(names, change.Name)
		}
	}
	return names
}

// A group is one change of version with one effect, on all clusters that it happens to.
type group struct {
	title, effect string
	clusters      []string
}

// groups joins the changes that read alike.
func (c *Comparison) groups() []group {
	var all []group
	for _, change := range c.Addons {
		title, effect := change.title(), change.Effect()
		i := slices.IndexFunc(all, func(g group) bool { return g.title == title && g.effect == effect })
		if i < 0 {
			i = len(all)
			all = append(all, group{title: title, effect: effect})
		}
		all[i].clusters = append(all[i].clusters, change.Clusters...)
	}
	return all
}

func (c AddonChange) title() string {
	switch {
	case c.Before == nil:
		return fmt.Sprintf("%s %s is new", c.Name, c.After.Version)
	case c.After == nil:
		return fmt.Sprintf("%s %s goes", c.Name, c.Before.Version)
	case c.Before.Version == c.After.Version:
		return fmt.Sprintf("%s %s changes", c.Name, c.After.Version)
	}
	return fmt.Sprintf("%s %s to %s", c.Name, c.Before.Version, c.After.Version)
}

// on says how many clusters are concerned, and which if they are few.
func (c *Comparison) on(names []string) string {
	if len(names) == c.Clusters {
		return printable.Count(c.Clusters, "cluster")
	}
	text := fmt.Sprintf("%d of %s", len(names), printable.Count(c.Clusters, "cluster"))
	if len(names) <= mostNames {
		text += " (" + strings.Join(names, ", ") + ")"
	}
	return text
}

func few(names []string) string {
	text := strings.Join(names[:min(len(names), mostNames)], ", ")
	if more := len(names) - mostNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
