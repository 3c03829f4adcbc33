package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// showObjects is the remedy of last resort.
const showObjects = "fitout render -o name lists the objects"

// describe is an object in a sentence: DaemonSet kube-system/kube-proxy.
func describe(id resid.ResId) string {
	return id.Kind + " " + strings.TrimPrefix(id.Namespace+"/"+id.Name, "/")
}

// ids are the objects that there are.
func (r *patchRun) ids() []resid.ResId {
	var all []resid.ResId
	for _, o := range r.all.Resources() {
		all = append(all, resid.ResId{Gvk: o.GetGvk(), Name: o.GetName(), Namespace: o.GetNamespace()})
	}
	return all
}

// named returns the object that a partial object names.
func (r *patchRun) named(document map[string]any) ([]resid.ResId, *strictyaml.Fault) {
	metadata, _ := document["metadata"].(map[string]any)
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	want := resid.ResId{Gvk: resid.Gvk{Kind: text(document, "kind")}, Name: text(metadata, "name"), Namespace: text(metadata, "namespace")}
	want.Group, want.Version = resid.ParseGroupVersion(text(document, "apiVersion"))
	if want.Kind == "" || want.Name == "" {
		return nil, &strictyaml.Fault{Field: ".patch", Problem: "does not say which object it is for",
			Remedy: "add a target, or apiVersion, kind, metadata.name and metadata.namespace of the object"}
	}
	all := r.ids()
	for _, id := range all {
		if len(differences(want, id)) == 0 {
			return []resid.ResId{id}, nil
		}
	}
	problem := "names " + describe(want)
	if want.Namespace == "" {
		problem += " without a namespace"
	}
	return nil, &strictyaml.Fault{Field: ".patch", Problem: problem + ", which is not among the objects", Remedy: correction(want, all)}
}

// correction is the remedy for an object that does not exist: the fields of the one that was meant.
func correction(want resid.ResId, all []resid.ResId) string {
	best, least := resid.ResId{}, 3
	for _, id := range all {
		if id.Name == want.Name || strictyaml.Nearest(want.Name, []string{id.Name}) != "" {
			if d := len(differences(want, id)); d < least || d == least && id.Name == want.Name && best.Name != want.Name {
				best, least = id, d
			}
		}
	}
	if best.Name == "" {
		return showObjects
	}
	return fmt.Sprintf("there is %s: write %s", describe(best), strings.Join(differences(want, best), ", "))
}

// differences are the fields of have that want has otherwise, as YAML.
func differences(want, have resid.ResId) []string {
	var all []string
	for _, f := range []struct{ field, want, have string }{
		{"apiVersion", want.ApiVersion(), have.ApiVersion()}, {"kind", want.Kind, have.Kind},
		{"metadata.name", want.Name, have.Name}, {"metadata.namespace", want.Namespace, have.Namespace},
	} {
		if f.want != f.have && f.have != "" {
			all = append(all, f.field+": "+f.have)
		} else if f.want != f.have {
			all = append(all, "no "+f.field)
		}
	}
	return all
}

// targeted returns the objects that the patch's target selects.
func (r *patchRun) targeted() ([]resid.ResId, *strictyaml.Fault) {
	t := r.patch.Target
	for _, f := range targetFields(&t) {
		if _, err := regexp.Compile(*f.value); err != nil {
			return nil, &strictyaml.Fault{Field: ".target." + f.name, Problem: fmt.Sprintf("is %q, which is not a regular expression", strictyaml.Clip(*f.value)),
				Remedy: "write a name, or an expression such as coredns|metrics-server"}
		}
	}
	if _, err := labels.Parse(t.LabelSelector); err != nil {
		return nil, &strictyaml.Fault{Field: ".target.labelSelector", Problem: fmt.Sprintf("is %q, which is not a label selector", strictyaml.Clip(t.LabelSelector)),
			Remedy: "write one such as k8s-app=kube-dns"}
	}
	selected := r.selects(t)
	if len(selected) == 0 {
		return nil, r.unmatched(t)
	}
	return selected, nil
}

// selects returns the objects that a target selects. Its expressions are valid.
func (r *patchRun) selects(t clusterfile.Target) []resid.ResId {
	found, err := r.all.Select(types.Selector{
		ResId:         resid.ResId{Gvk: resid.Gvk{Group: t.Group, Version: t.Version, Kind: t.Kind}, Name: t.Name, Namespace: t.Namespace},
		LabelSelector: t.LabelSelector,
	})
	if err != nil {
		return nil
	}
	var all []resid.ResId
	for _, o := range found {
		all = append(all, resid.ResId{Gvk: o.GetGvk(), Name: o.GetName(), Namespace: o.GetNamespace()})
	}
	return all
}

type targetField struct {
	name  string
	value *string
	of    func(resid.ResId) string
}

// targetFields are the expressions of a target, those that are most often wrong first.
func targetFields(t *clusterfile.Target) []targetField {
	return []targetField{
		{"namespace", &t.Namespace, func(id resid.ResId) string { return id.Namespace }},
		{"group", &t.Group, func(id resid.ResId) string { return id.Group }},
		{"version", &t.Version, func(id resid.ResId) string { return id.Version }},
		{"kind", &t.Kind, func(id resid.ResId) string { return id.Kind }},
		{"name", &t.Name, func(id resid.ResId) string { return id.Name }},
	}
}

// unmatched is the fault of a target that selects nothing: it names the field without which it would select something.
func (r *patchRun) unmatched(t clusterfile.Target) *strictyaml.Fault {
	fault := &strictyaml.Fault{Field: ".target", Problem: "matches no object", Remedy: showObjects}
	for _, f := range targetFields(&t) {
		value := *f.value
		if value == "" {
			continue
		}
		*f.value = ""
		others := r.selects(t)
		*f.value = value
		if len(others) == 0 {
			continue
		}
		var have []string
		for _, id := range others {
			have = append(have, f.of(id))
		}
		slices.Sort(have)
		have = slices.Compact(have)
		problem := fmt.Sprintf("is %q, which no object has that matches the rest of the target", strictyaml.Clip(value))
		if best := strictyaml.Nearest(value, have); best != "" {
			return &strictyaml.Fault{Field: ".target." + f.name, Problem: problem, Remedy: "did you mean " + best + "?"}
		}
		if len(have) <= 5 {
			return &strictyaml.Fault{Field: ".target." + f.name, Problem: problem,
				Remedy: fmt.Sprintf("there is %s: write %s", describe(others[0]), orNothing(strings.Join(have, " or ")))}
		}
		fault.Problem = "matches no object; none of its kind has " + f.name + " " + strictyaml.Clip(value)
	}
	return fault
}

func orNothing(s string) string {
	if s == "" {
		return "no value here"
	}
	return s
}
