package footprint

import (
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/bundle"
	corev1 "k8s.io/api/core/v1"
)

// Within reports what in the footprint exceeds a bundle's budget, each with the numbers. The budget is one of requests:
// what the scheduler keeps free for the addons, and nobody else gets.
func (f *Footprint) Within(b bundle.Budget) error {
	return errors.Join(
		within("budget.node: what runs on each node", f.EachNode, b.Node),
		within("budget.cluster: what runs once", f.Once, b.Cluster),
	)
}

func within(what string, s Share, a bundle.Allowance) error {
	var errs []error
	allowed := parse(what, map[string]string{"cpu": a.CPU, "memory": a.Memory}, &errs)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, name := range counted {
		asked, most := s.Requests[name], allowed[name]
		if asked.Cmp(most) > 0 {
			errs = append(errs, fmt.Errorf("%s requests %s %s, more than %s; choose what asks for less, or raise the budget and say why",
				what, text(name, s.Requests), name, text(name, allowed)))
		}
	}
	if s.WithoutRequests > a.Undeclared {
		errs = append(errs, fmt.Errorf("%s has %d containers without a memory request, more than %d; a budget of requests does not see them: "+
			"declare what upstream declares, or raise the number and say why", what, s.WithoutRequests, a.Undeclared))
	}
	return errors.Join(errs...)
}

// text is a quantity as footprints print it: millicores, or MiB rounded up.
func text(name corev1.ResourceName, list corev1.ResourceList) string {
	q, ok := list[name]
	switch {
	case !ok:
		return "-"
	case name == corev1.ResourceCPU:
		return fmt.Sprintf("%dm", q.MilliValue())
	}
	return fmt.Sprintf("%dMi", (q.Value()+1<<20-1)>>20)
}
