// Package fleet is the account of many clusters: a row for each, and the worst of them.
package fleet

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/report"
)

// Version and Kind of the account's JSON form.
const (
	Version = "fitout.dev/v1alpha1"
	Kind    = "Fleet"
)

// A Fleet is the account of many clusters, in the order of their names.
type Fleet struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Clusters   []Cluster     `json:"clusters"`
	Verdict    check.Verdict `json:"verdict"` // the worst
}

// A Cluster is one of them.
type Cluster struct {
	Name       string        `json:"name"`
	Kubernetes string        `json:"kubernetes,omitempty"`
	Bundle     string        `json:"bundle,omitempty"`
	Digest     string        `json:"digest,omitempty"` // of what it is to be fitted out with
	Verdict    check.Verdict `json:"verdict"`
	Drift      int           `json:"drift"` // addons whose objects are not as rendered
	Unmet      int           `json:"unmet"` // checks that are failed, degraded or pending
	Why        string        `json:"why,omitempty"`
}

// Of is the row of a cluster that was checked, or could not be: err is then why.
func Of(name string, r *report.Report, err error) Cluster {
	c := Cluster{Name: name, Verdict: check.Failed}
	if r != nil {
		c.Kubernetes, c.Bundle, c.Digest, c.Verdict = r.Kubernetes, r.Bundle, r.Digest, r.Verdict
		for _, row := range r.Checks {
			if !slices.Contains([]check.Verdict{check.Failed, check.Degraded, check.Pending}, row.Verdict) {
				continue
			}
			c.Unmet++
			if row.Check == check.Unchanged {
				c.Drift++
			}
			if c.Why == "" && row.Verdict == r.Verdict { // the first of the worst
				c.Why = fmt.Sprintf("%s/%s: %s", row.Addon, row.Check, row.Detail)
			}
		}
	}
	if err != nil {
		c.Verdict, c.Why = check.Failed, err.Error()
	}
	return c
}

// New is the account of clusters.
func New(clusters []Cluster) *Fleet {
	f := &Fleet{APIVersion: Version, Kind: Kind, Clusters: slices.Clone(clusters), Verdict: check.Good}
	slices.SortFunc(f.Clusters, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	for _, c := range clusters {
		f.Verdict = check.Worse(f.Verdict, c.Verdict)
	}
	return f
}

// ExitCode is that of the worst cluster.
func (f *Fleet) ExitCode() int { return (&report.Report{Verdict: f.Verdict}).ExitCode() }

// Table writes the account for people.
func (f *Fleet) Table(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	printable.Fprintf(tab, "CLUSTER\tKUBERNETES\tBUNDLE\tVERDICT\tDRIFT\tUNMET\tWHY\n")
	counts := map[check.Verdict]int{}
	for _, c := range f.Clusters {
		counts[c.Verdict]++
		printable.Fprintf(tab, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", c.Name, cmp.Or(c.Kubernetes, "-"), cmp.Or(c.Bundle, "-"), c.Verdict, c.Drift, c.Unmet, printable.Cut(c.Why, 200))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	text := fmt.Sprintf("%d clusters", len(f.Clusters))
	for _, v := range []check.Verdict{check.Good, check.Pending, check.Degraded, check.Failed} {
		if counts[v] > 0 {
			text += fmt.Sprintf(", %d %s", counts[v], v)
		}
	}
	_, err := printable.Fprintf(w, "\n%s\n", text)
	return err
}

// JSON writes the account for machines.
func (f *Fleet) JSON(w io.Writer) error { return printable.JSON(w, f, "  ") }
