package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// ready judges the addon's workloads and definitions together. The worst of them comes first, with its remedy.
func (j judge) ready() []Row {
	var good []string
	var bad []Row
	for _, o := range j.addon.Objects {
		if gated[o.GetKind()] == nil || o.GetKind() == "APIService" {
			continue // the check api is about APIServices
		}
		v, detail, remedy := readiness(j.snapshot, o)
		row := j.row(Ready, v, remedy, "%s %s %s", o.GetKind(), o.GetName(), detail)
		row = withSubject(j.snapshot, row, o)
		switch {
		case v != Good:
			bad = append(bad, row)
		case detail != "":
			good = append(good, row.Detail)
		}
	}
	if len(bad) > 0 {
		slices.SortStableFunc(bad, func(a, b Row) int { return slices.Index(order, b.Verdict) - slices.Index(order, a.Verdict) })
		var details []string
		for _, row := range bad {
			details = append(details, row.Detail)
		}
		bad[0].Detail = printable.FirstFew(details)
		return bad[:1]
	}
	if len(good) > 0 {
		return []Row{j.row(Ready, Good, "", "%s", printable.FirstFew(good))}
	}
	return nil
}

// api judges the addon's APIServices.
func (j judge) api() []Row {
	var rows []Row
	for _, o := range j.addon.Objects {
		if o.GetKind() == "APIService" {
			v, detail, remedy := readiness(j.snapshot, o)
			row := j.row(API, v, remedy, "%s %s", o.GetName(), detail)
			rows = append(rows, withSubject(j.snapshot, row, o))
		}
	}
	return rows
}
