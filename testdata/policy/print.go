package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// print writes every exception with its reason, and what was judged.
func print(out io.Writer, bundles []renderedBundle, found []finding, e *exceptions) error {
	tab := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tab, "RULE\tEXCEPTION\tPROBLEMS\tREASON")
	for _, r := range e.byRule() {
		for _, x := range r.list {
			problems := strings.Join(x.Problems, ", ")
			if r.rule == podSecurityRule {
				problems = meets(x.Level) + ": " + problems
			}
			for _, object := range x.Objects {
				fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", r.rule, object, problems, x.Reason)
			}
		}
	}
	counts := countObjects(found)
	for _, i := range e.KubeScore.Ignored {
		fmt.Fprintf(tab, "%s\tany object (%d)\t%s\t%s\n", scoreRule, counts[i.Test], i.Test, i.Reason)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	return summary(out, bundles, e)
}

// countObjects is the number of objects on which each test of kube-score finds something.
func countObjects(found []finding) map[string]int {
	counts, seen := map[string]int{}, map[finding]bool{}
	for _, f := range found {
		if f.rule == scoreRule && !seen[f] {
			counts[f.problem]++
		}
		seen[f] = true
	}
	return counts
}

// summary says what was judged, and counts the exceptions.
func summary(out io.Writer, bundles []renderedBundle, e *exceptions) error {
	var minors, counts []string
	workloads := map[string]bool{}
	for _, b := range bundles {
		minors = append(minors, b.minor)
		pods, err := podsOf(b.objects)
		if err != nil {
			return err
		}
		for _, p := range pods {
			workloads[p.owner] = true
		}
	}
	for _, r := range e.byRule() {
		objects := 0
		for _, x := range r.list {
			objects += len(x.Objects)
		}
		counts = append(counts, fmt.Sprintf("%s %d", r.rule, objects))
	}
	_, err := fmt.Fprintf(out, "\nbundles %s: %d workloads; objects excepted: %s; kube-score tests ignored: %d\n",
		strings.Join(minors, ", "), len(workloads), strings.Join(counts, ", "), len(e.KubeScore.Ignored))
	return err
}
