package footprint

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// JSON writes a footprint for programs.
func JSON(w io.Writer, f *Footprint) error { return printable.JSON(w, f, "  ") }

// Table writes a footprint for people: every container, the sums, and what they leave out.
func Table(w io.Writer, f *Footprint) error {
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printable.Fprintf(tab, "Bundle %s on %s\n\n", f.Bundle, f.Node)
	for _, section := range []struct{ title, runs string }{{"ON EACH NODE", OnEachNode}, {"ONCE", RunsOnce}, {"NOT ON SUCH A NODE", Elsewhere}} {
		f.section(tab, section.title, section.runs)
	}
	fmt.Fprintln(tab, "REQUESTED\t\t\tOF\tSHARE")
	bars(tab, f.Bars())
	if err := f.againstBudget(tab); err != nil {
		return err
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	f.EachNode.undeclared(w, "each node")
	f.Once.undeclared(w, "what runs once")
	_, err := fmt.Fprintln(w, "Requests are what addons declare, not what they use: docs/footprint.md.")
	return err
}

// String says a node in words: small (3000m CPU, 4096Mi memory; pods may request 3000m, 3996Mi), amd64.
func (n Node) String() string {
	name := n.Size
	if name == "" {
		name = "a node"
	}
	return fmt.Sprintf("%s (%s CPU, %s memory; pods may request %s, %s), %s", name, text(corev1.ResourceCPU, n.Capacity), text(corev1.ResourceMemory, n.Capacity),
		text(corev1.ResourceCPU, n.Allocatable), text(corev1.ResourceMemory, n.Allocatable), n.Architecture)
}

// section lists the workloads that run in one way, with a line for each container.
func (f *Footprint) section(w io.Writer, title, runs string) {
	begun := false
	for _, workload := range f.Workloads {
		if workload.Runs != runs {
			continue
		}
		if !begun {
			printable.Fprintf(w, "%s\tCPU\tMEMORY\tCPU LIMIT\tMEMORY LIMIT\n", title)
			begun = true
		}
		line(w, fmt.Sprintf("%s: %s%s", workload.Addon, workload.Object, times(workload.Pods)), workload.Requests, workload.Limits)
		for _, c := range workload.Containers {
			name := "    " + c.Name
			if c.Init {
				name += " (init)"
			}
			if len(c.Requests)+len(c.Limits) == 0 {
				name += ": declares nothing"
			}
			line(w, name, c.Requests, c.Limits)
		}
	}
	if begun {
		fmt.Fprintln(w)
	}
}

func times(pods int) string {
	if pods == 1 {
		return ""
	}
	return fmt.Sprintf(", %d pods", pods)
}

func line(w io.Writer, name string, requests, limits corev1.ResourceList) {
	printable.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", name, text(corev1.ResourceCPU, requests), text(corev1.ResourceMemory, requests),
		text(corev1.ResourceCPU, limits), text(corev1.ResourceMemory, limits))
}

// A Bar is the share of something that is requested of one resource.
type Bar struct {
	Name      string // of whose share it is: each node, cluster of 3
	Resource  corev1.ResourceName
	Requested string
	Of        string
	Share     float64 // 1 is all of it
}

// Bars are the shares of a node and of the cluster that are requested.
func (f *Footprint) Bars() []Bar {
	all := barsOf("each node", f.EachNode.Requests, f.Node.Allocatable, 1)
	if f.Nodes > 0 {
		all = append(all, barsOf(fmt.Sprintf("cluster of %d", f.Nodes), f.Cluster.Requests, f.Node.Allocatable, f.Nodes)...)
	}
	return all
}

// barsOf returns the share of so many nodes that is requested, of each resource.
func barsOf(name string, requested, allocatable corev1.ResourceList, nodes int) []Bar {
	whole := nothing()
	addTo(whole, allocatable, nodes)
	var out []Bar
	for _, resource := range counted {
		part, all := requested[resource], whole[resource]
		out = append(out, Bar{name, resource, text(resource, requested), text(resource, whole), float64(part.MilliValue()) / float64(all.MilliValue())})
	}
	return out
}

// bars writes a line for each bar, with numbers, percentage and drawing; a name that is that of the line above is left out.
func bars(w io.Writer, list []Bar) {
	last := ""
	for _, b := range list {
		name := b.Name
		if name == last {
			name = ""
		}
		last = b.Name
		printable.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f %%\t%s\n", name, b.Resource, b.Requested, b.Of, 100*b.Share, bar(b.Share))
	}
}

// againstBudget writes the share of the bundle's budget that is requested.
func (f *Footprint) againstBudget(w io.Writer) error {
	if f.Budget == (bundle.Budget{}) {
		return nil
	}
	fmt.Fprintln(w, "\nOF THE BUDGET\t\t\tOF\tSHARE")
	var errs []error
	for _, part := range []struct {
		name    string
		asked   Share
		allowed bundle.Allowance
	}{{"each node", f.EachNode, f.Budget.Node}, {"once", f.Once, f.Budget.Cluster}} {
		allowed := parse("budget: "+part.name, map[string]string{"cpu": part.allowed.CPU, "memory": part.allowed.Memory}, &errs)
		bars(w, barsOf(part.name, part.asked.Requests, allowed, 1))
		printable.Fprintf(w, "\tundeclared\t%d\t%d\n", part.asked.WithoutRequests, part.allowed.Undeclared)
	}
	return errors.Join(errs...)
}

// bar draws a share of one; every begun twentieth counts, and more than the whole ends in a plus sign.
func bar(share float64) string {
	const width = 20
	full := int(share*width + 0.999)
	if full > width {
		return "[" + strings.Repeat("#", width) + "+"
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}

// undeclared writes what the sums do not see.
func (s Share) undeclared(w io.Writer, where string) {
	if s.Containers == 0 {
		return
	}
	printable.Fprintf(w, "%s: %d of %d containers declare no memory request, %d no memory limit.\n", where, s.WithoutRequests, s.Containers, s.WithoutLimits)
}
