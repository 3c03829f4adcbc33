// Package check judges what was observed of a cluster: a verdict with a reason for each check of each addon, and whether the gate
// between two waves opens. Everything rendered is to be there, as rendered, ready, and serving.
package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Judge judges a cluster by everything rendered for it.
func Judge(addons []render.Addon, s observed.Snapshot) []Row {
	s = s.Indexed()
	rows := []Row{judgeNodes(s)}
	undefined := Undefined(created(addons), s)
	for _, a := range addons {
		j := judge{addon: a, snapshot: s, undefined: undefined}
		rows = append(rows, j.present(), j.unchanged())
		rows = append(rows, j.accounts()...)
		ready := j.ready()
		rows = append(rows, ready...)
		rows = append(rows, j.restarts()...)
		rows = append(rows, j.definitions(Overall(ready))...)
		rows = append(rows, j.api()...)
		rows = append(rows, j.hostPorts()...)
		rows = append(rows, j.storageClass()...)
	}
	return rows
}

// NamesOf names the checks of an addon that Judge may have a row for.
func NamesOf(a render.Addon) []string {
	any := func(is func(o *manifest.Object) bool) bool { return slices.ContainsFunc(a.Objects, is) }
	names := []string{Present, Unchanged}
	for _, c := range []struct {
		name string
		has  bool
	}{
		{Accounts, any(func(o *manifest.Object) bool { _, has := accountOf(o); return has })},
		{Ready, any(func(o *manifest.Object) bool { return gated[o.GetKind()] != nil && o.GetKind() != "APIService" })},
		{Restarts, any(func(o *manifest.Object) bool { return podsBy(o) != nil })},
		{Definitions, len(a.Created) > 0},
		{API, any(func(o *manifest.Object) bool { return o.GetKind() == "APIService" })},
		{HostPorts, len(a.Checks.HostPorts) > 0},
		{StorageClass, a.Checks.DefaultStorageClass},
	} {
		if c.has {
			names = append(names, c.name)
		}
	}
	return names
}
