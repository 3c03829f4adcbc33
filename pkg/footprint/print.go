package footprint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/bundle"
	corev1 "k8s.io/api/core/v1"
)

// JSON writes a footprint for programs.
func JSON(w io.Writer, f *Footprint) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(f)
}

// Table writes a footprint for people: every container, the sums, and what they leave out.
func Table(w io.Writer, f *Footprint) error {
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tab, "Bundle %s on %s\n\n", f.Bundle, f.Node)
	for _, section := range []struct{ title, runs string }{{"ON EACH NODE", OnEachNode}, {"ONCE", RunsOnce}, {"NOT ON SUCH A NODE", Elsewhere}} {
		f.section(tab, section.title, section.runs)
	}
	fmt.Fprintln(tab, "REQUESTED\t\t\tOF\tSHARE")
	bars(tab, "each node", f.EachNode.Requests, f.Node.Allocatable, 1)
	if f.Nodes > 0 {
		bars(tab, fmt.Sprintf("cluster of %d", f.Nodes), f.Cluster.Requests, f.Node.Allocatable, f.Nodes)
	}
	if err := f.againstBudget(tab); err != nil {
		return err
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s%sRequests are what addons declare, not what they use: docs/footprint.md.\n",
		f.EachNode.undeclared("each node"), f.Once.undeclared("what runs once"))
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
	header := title + "\tCPU\tMEMORY\tCPU LIMIT\tMEMORY LIMIT\n"
	for _, workload := range f.Workloads {
		if workload.Runs != runs {
			continue
		}
		fmt.Fprint(w, header)
		header = ""
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
	if header == "" {
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
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", name, text(corev1.ResourceCPU, requests), text(corev1.ResourceMemory, requests),
		text(corev1.ResourceCPU, limits), text(corev1.ResourceMemory, limits))
}

// bars writes the share of so many nodes that is requested: a line for each resource with numbers, percentage and bar.
func bars(w io.Writer, name string, requested, allocatable corev1.ResourceList, nodes int) {
	all := nothing()
	addTo(all, allocatable, nodes)
	for _, resource := range counted {
		part, whole := requested[resource], all[resource]
		share := float64(part.MilliValue()) / float64(whole.MilliValue())
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f %%\t%s\n", name, resource, text(resource, requested), text(resource, all), 100*share, bar(share))
		name = ""
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
		bars(w, part.name, part.asked.Requests, allowed, 1)
		fmt.Fprintf(w, "\tundeclared\t%d\t%d\n", part.asked.WithoutRequests, part.allowed.Undeclared)
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

// undeclared says what the sums do not see.
func (s Share) undeclared(where string) string {
	if s.Containers == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %d of %d containers declare no memory request, %d no memory limit.\n", where, s.WithoutRequests, s.Containers, s.WithoutLimits)
}
