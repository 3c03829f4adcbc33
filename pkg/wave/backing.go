package wave

import (
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// backing returns the Services of the addons that registrations lead to. Without a pod behind it, an APIService breaks
// discovery, and a webhook whose failures count refuses writes.
func backing(addons []render.Addon, registrations []*manifest.Object) []*manifest.Object {
	wanted := map[manifest.ID]bool{}
	for _, o := range registrations {
		for _, id := range servicesOf(o) {
			wanted[id] = true
		}
	}
	var services []*manifest.Object
	for _, o := range pick(addons, func(o *manifest.Object) bool { return o.GetKind() == "Service" }) {
		if wanted[manifest.IDOf(o)] {
			services = append(services, o)
		}
	}
	return services
}

// servicesOf returns the Services that an APIService or the webhooks of a configuration are behind.
func servicesOf(o *manifest.Object) []manifest.ID {
	var ids []manifest.ID
	add := func(node map[string]any, path ...string) {
		if ref, found, _ := unstructured.NestedMap(node, path...); found {
			namespace, _ := ref["namespace"].(string)
			name, _ := ref["name"].(string)
			ids = append(ids, manifest.ID{Kind: "Service", Namespace: namespace, Name: name})
		}
	}
	add(o.Object, "spec", "service")
	webhooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
	for _, w := range webhooks {
		if webhook, ok := w.(map[string]any); ok {
			add(webhook, "clientConfig", "service")
		}
	}
	return ids
}
