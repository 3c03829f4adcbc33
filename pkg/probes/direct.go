package probes

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// directQueries returns what is asked of a probe without pods; none if it has no fallback.
func (s Survey) directQueries(t probePlan) []DirectQuery {
	if t.kind.WithoutPods == nil {
		return nil
	}
	calls := t.kind.WithoutPods.Queries(s, t)
	for i := range calls {
		calls[i].ID = fmt.Sprintf("%s/%s/call/%d", t.addon.Name, t.Name, i)
		calls[i].Timeout = metav1.Duration{Duration: t.Deadline()}
	}
	return calls
}

// DirectQueries returns what is to be asked without pods.
func (t Plans) DirectQueries() []DirectQuery {
	var all []DirectQuery
	for _, plan := range t.list {
		all = append(all, plan.direct...)
	}
	return all
}
