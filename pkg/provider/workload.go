package provider

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A workloadRule is a bundle.WorkloadRule whose expressions are compiled.
type workloadRule struct {
	bundle.WorkloadRule
	namespace, name, except, image, hostPath, label, arg, unlessArg, env, setting func(string) bool
}

func compile(r bundle.WorkloadRule) workloadRule {
	return workloadRule{WorkloadRule: r, namespace: whole(r.Namespace), name: whole(r.Name), except: whole(r.Except),
		image: whole(r.Image), hostPath: whole(r.HostPath), label: whole(r.Label.Value), arg: whole(r.Arg), unlessArg: whole(r.UnlessArg),
		env: whole(r.Env.Value), setting: whole(r.Settings.Value)}
}

func (r workloadRule) applies(o *manifest.Object) bool {
	if !slices.Contains(r.Kinds, o.GetKind()) || !r.namespace(o.GetNamespace()) || !r.name(o.GetName()) || r.Except != "" && r.except(o.GetName()) {
		return false
	}
	pod := podSpec(o)
	return (r.Image == "" || slices.ContainsFunc(texts(pod, "containers", "image"), r.image)) &&
		(r.HostPath == "" || slices.ContainsFunc(hostPaths(pod), r.hostPath)) &&
		(len(r.HostPorts) == 0 || slices.ContainsFunc(r.HostPorts, func(port int) bool { return hasHostPort(pod, int64(port)) })) &&
		(r.Arg == "" || slices.ContainsFunc(words(pod), r.arg)) &&
		(r.UnlessArg == "" || !slices.ContainsFunc(words(pod), r.unlessArg)) &&
		(r.Env.Key == "" || slices.ContainsFunc(variables(pod, r.Env.Key), r.env)) &&
		(r.Label.Key == "" || r.labelled(o))
}

// labelled looks at the labels of the workload and of its pods.
func (r workloadRule) labelled(o *manifest.Object) bool {
	ofPods, _, _ := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels")
	for _, labels := range []map[string]string{o.GetLabels(), ofPods} {
		if value, has := labels[r.Label.Key]; has && r.label(value) {
			return true
		}
	}
	return false
}

// podSpec returns the spec of the pods of a workload, or of a pod.
func podSpec(o *manifest.Object) map[string]any {
	path := []string{"spec", "template", "spec"}
	if o.GetKind() == "Pod" {
		path = path[:1]
	}
	spec, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	m, _ := spec.(map[string]any)
	return m
}

// elements returns the maps of a list.
func elements(from map[string]any, list string) []map[string]any {
	var all []map[string]any
	values, _ := from[list].([]any)
	for _, v := range values {
		if m, isMap := v.(map[string]any); isMap {
			all = append(all, m)
		}
	}
	return all
}

func texts(from map[string]any, list, field string) []string {
	var all []string
	for _, e := range elements(from, list) {
		if text, ok := e[field].(string); ok {
			all = append(all, text)
		}
	}
	return all
}

func hostPaths(pod map[string]any) []string {
	var all []string
	for _, v := range elements(pod, "volumes") {
		source, _ := v["hostPath"].(map[string]any)
		if path, ok := source["path"].(string); ok {
			all = append(all, path)
		}
	}
	return all
}

// hasHostPort reports whether a container has a host port; on the host's network, every port is one.
func hasHostPort(pod map[string]any, port int64) bool {
	for _, c := range elements(pod, "containers") {
		for _, p := range elements(c, "ports") {
			if p["hostPort"] == port || pod["hostNetwork"] == true && p["containerPort"] == port {
				return true
			}
		}
	}
	return false
}

// words are the commands and arguments of all containers.
func words(pod map[string]any) []string {
	var all []string
	for _, c := range elements(pod, "containers") {
		for _, list := range []string{"command", "args"} {
			values, _, _ := unstructured.NestedStringSlice(c, list)
			all = append(all, values...)
		}
	}
	return all
}

// variables are the values that containers have for an environment variable.
func variables(pod map[string]any, name string) []string {
	var all []string
	for _, c := range elements(pod, "containers") {
		for _, e := range elements(c, "env") {
			if value, isText := e["value"].(string); isText && e["name"] == name {
				all = append(all, value)
			}
		}
	}
	return all
}
