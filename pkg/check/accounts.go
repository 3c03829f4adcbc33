package check

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// accounts checks the ServiceAccounts that the addon's workloads run as.
func (j judge) accounts() []Row {
	var there, missing []string
	var lacks manifest.ID
	for _, o := range j.addon.Objects {
		id, has := accountOf(o)
		if !has {
			continue
		}
		if j.snapshot.Objects[id] == nil {
			missing, lacks = append(missing, fmt.Sprintf("%s of %s", id, manifest.IDOf(o))), id
		} else {
			there = append(there, id.Name)
		}
	}
	slices.Sort(there)
	there = slices.Compact(there)
	switch {
	case len(missing) > 0:
		row := j.row(Accounts, Failed, "run fitout apply", "missing: %s", printable.FirstFew(missing))
		row.Lacks = lacks
		return []Row{row}
	case len(there) > 0:
		return []Row{j.row(Accounts, Good, "", "%s", printable.FirstFew(there))}
	}
	return nil
}

// OtherAccounts returns the ServiceAccounts that workloads run as and that no addon brings, such as one that a patch names.
func OtherAccounts(addons []render.Addon) []*manifest.Object {
	known := map[manifest.ID]bool{}
	for _, a := range addons {
		for _, o := range a.Objects {
			known[manifest.IDOf(o)] = true
		}
	}
	var others []*manifest.Object
	for _, a := range addons {
		for _, o := range a.Objects {
			if id, has := accountOf(o); has && !known[id] {
				known[id] = true
				account := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": id.Kind}}
				account.SetNamespace(id.Namespace)
				account.SetName(id.Name)
				others = append(others, account)
			}
		}
	}
	return others
}

// accountOf returns the ServiceAccount that a workload runs as, if it names one. Every namespace has the one named default,
// and nobody renders it.
func accountOf(o *manifest.Object) (id manifest.ID, has bool) {
	path := manifest.PodSpecPath(o.GetKind())
	if path == nil {
		return id, false
	}
	name, _, _ := unstructured.NestedString(o.Object, append(path, "serviceAccountName")...)
	return manifest.ID{Kind: "ServiceAccount", Namespace: o.GetNamespace(), Name: name}, name != "" && name != "default"
}
