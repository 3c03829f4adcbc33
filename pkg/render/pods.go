package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// podSettings are what a user sets of the pods of one addon.
type podSettings struct {
	addon       string
	pullSecrets []string // of the whole cluster
	all         clusterfile.Pods
	workloads   map[string]clusterfile.Pods
	faults      strictyaml.Faults
}

// setPods lays a user's settings over the pod templates of an addon's workloads: those of the cluster first, then those of the
// addon, then those of the workload. The error is a strictyaml.Faults.
func (s *podSettings) setPods(objects []*manifest.Object) error {
	var names []string
	for _, o := range objects {
		template, ok, err := unstructured.NestedMap(o.Object, "spec", "template")
		if err != nil || !ok {
			continue
		}
		names = append(names, o.GetName())
		pod := podTemplate{template}
		pod.pullSecrets(s.pullSecrets)
		own := maps.Clone(pod.metadata("labels"))
		if err := s.set(pod, o, own, s.all, "pods"); err != nil {
			return err
		}
		if err := s.set(pod, o, own, s.workloads[o.GetName()], "workloads."+o.GetName()); err != nil {
			return err
		}
		if err := unstructured.SetNestedMap(o.Object, template, "spec", "template"); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.workloads)) {
		if !slices.Contains(names, name) {
			s.faults = append(s.faults, strictyaml.Fault{Field: strictyaml.Join(fmt.Sprintf("addons.%s.workloads", s.addon), name), Problem: "is not a workload of the addon",
				Remedy: "use one of " + strings.Join(names, ", ")})
		}
	}
	return s.faults.ErrorOrNil()
}

// set lays settings over one pod template. own are the labels that the addon itself gives to the pods: selectors, Services and
// disruption budgets find the pods by them.
func (s *podSettings) set(pod podTemplate, o *manifest.Object, own map[string]any, settings clusterfile.Pods, field string) error {
	for _, name := range slices.Sorted(maps.Keys(settings.Labels)) {
		if _, taken := own[name]; taken {
			s.faults = append(s.faults, strictyaml.Fault{Field: strictyaml.Join(fmt.Sprintf("addons.%s.%s.labels", s.addon, field), name),
				Problem: fmt.Sprintf("is a label by which %s finds its pods", manifest.IDOf(o)), Remedy: "use another name"})
			continue
		}
		pod.metadata("labels")[name] = settings.Labels[name]
	}
	for name, value := range settings.Annotations {
		pod.metadata("annotations")[name] = value
	}
	pod.tolerations(settings.Tolerations)
	for name, value := range settings.NodeSelector {
		pod.spec("nodeSelector")[name] = value
	}
	if settings.Affinity != nil {
		affinity, err := plain(settings.Affinity)
		if err != nil {
			return err
		}
		pod.child("spec")["affinity"] = affinity
	}
	if settings.PriorityClassName != "" {
		pod.child("spec")["priorityClassName"] = settings.PriorityClassName
	}
	pod.pullSecrets(settings.ImagePullSecrets)
	return nil
}

// A podTemplate is spec.template of a workload.
type podTemplate struct{ object map[string]any }

func (p podTemplate) child(name string) map[string]any    { return mapping(p.object, name) }
func (p podTemplate) metadata(name string) map[string]any { return mapping(p.child("metadata"), name) }
func (p podTemplate) spec(name string) map[string]any     { return mapping(p.child("spec"), name) }

// mapping returns the mapping under a key, which it makes if there is none.
func mapping(in map[string]any, name string) map[string]any {
	m, ok := in[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		in[name] = m
	}
	return m
}

// tolerations adds those that the pod does not have yet.
func (p podTemplate) tolerations(list []clusterfile.Toleration) {
	for _, t := range list {
		p.add("tolerations", t.Object())
	}
}

func (p podTemplate) pullSecrets(names []string) {
	for _, name := range names {
		p.add("imagePullSecrets", map[string]any{"name": name})
	}
}

// add appends an entry to a list of the pod's spec, unless it is there.
func (p podTemplate) add(list string, entry map[string]any) {
	have, _ := p.child("spec")[list].([]any)
	if !slices.ContainsFunc(have, func(h any) bool { return reflect.DeepEqual(h, any(entry)) }) {
		p.child("spec")[list] = append(have, entry)
	}
}

// plain returns a value as JSON reads it back: whole numbers are int64, and nothing is shared with the cluster file.
func plain(value map[string]any) (map[string]any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, utiljson.Unmarshal(text, &out)
}
