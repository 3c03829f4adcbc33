//go:build linux

package clusterbed_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A wreck is a cluster that is being broken. What was done to it is undone in reverse.
type wreck struct {
	*testing.T
	f     *fixture
	mends []func()
}

func (w *wreck) later(mend func()) { w.mends = append(w.mends, mend) }

func (w *wreck) mend() {
	for i := len(w.mends) - 1; i >= 0; i-- {
		w.mends[i]()
	}
}

// object is what JSON makes of an object of the API.
type object = map[string]any

// Paths of the API.
const (
	kubeSystem    = "/api/v1/namespaces/kube-system"
	corefile      = kubeSystem + "/configmaps/coredns"
	coreDNS       = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
	metricsServer = "/apis/apps/v1/namespaces/kube-system/deployments/metrics-server"
	flannelConfig = "/api/v1/namespaces/kube-flannel/configmaps/kube-flannel-cfg"
)

func (w *wreck) do(method, path string, body, result any) {
	w.Helper()
	if err := w.f.bed.Do(w.Context(), method, path, body, result); err != nil {
		w.Error(err)
	}
}

// change changes an object; its fields except metadata come back later.
func (w *wreck) change(path string, change func(o object)) {
	w.Helper()
	var before, now object
	w.do(http.MethodGet, path, nil, &before)
	text, err := json.Marshal(before)
	if err != nil || json.Unmarshal(text, &now) != nil {
		w.Fatalf("%s: %s", path, text)
	}
	change(now)
	w.do(http.MethodPut, path, now, nil)
	w.later(func() {
		var after object
		w.do(http.MethodGet, path, nil, &after)
		for _, field := range []string{"spec", "data"} {
			if before[field] != nil {
				after[field] = before[field]
			}
		}
		w.do(http.MethodPut, path, after, nil)
	})
}

// create creates an object in a collection and deletes it later.
func (w *wreck) create(collection string, o object) {
	w.Helper()
	w.do(http.MethodPost, collection, o, nil)
	w.later(func() {
		w.do(http.MethodDelete, collection+"/"+o["metadata"].(object)["name"].(string)+"?gracePeriodSeconds=0", nil, nil)
	})
}

// container changes the first container of a workload.
func (w *wreck) container(path string, change func(pod, container object)) {
	w.change(path, func(o object) {
		pod := o["spec"].(object)["template"].(object)["spec"].(object)
		change(pod, pod["containers"].([]any)[0].(object))
	})
}

// replace replaces a part of a text in a ConfigMap.
func (w *wreck) replace(path, key, old, new string) {
	w.change(path, func(o object) {
		data := o["data"].(object)
		if !strings.Contains(data[key].(string), old) {
			w.Fatalf("%s has no %q", path, old)
		}
		data[key] = strings.ReplaceAll(data[key].(string), old, new)
	})
}

// restart deletes the pods whose names begin so, on a node if one is given; now and when all else is undone.
func (w *wreck) restart(namespace, prefix, node string) {
	w.deletePods(namespace, prefix, node)
	mends := w.mends
	w.mends = append([]func(){func() { w.deletePods(namespace, prefix, node) }}, mends...)
}

func (w *wreck) deletePods(namespace, prefix, node string) {
	w.Helper()
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Spec     struct{ NodeName string }
		}
	}
	pods := "/api/v1/namespaces/" + namespace + "/pods"
	w.do(http.MethodGet, pods, nil, &list)
	for _, p := range list.Items {
		if strings.HasPrefix(p.Metadata.Name, prefix+"-") && (node == "" || p.Spec.NodeName == node) {
			w.do(http.MethodDelete, pods+"/"+p.Metadata.Name+"?gracePeriodSeconds=1", nil, nil)
		}
	}
}

// wake has the ReplicaSets of a Deployment looked at, until one has made a pod: their controller, where it could not create
// pods, waits ever longer until it tries again, soon for minutes; and what kept it from it may work for a moment longer.
func (w *wreck) wake(deployment string) {
	w.Helper()
	eventually(w.T, time.Minute, func(context.Context) string {
		w.touch(deployment)
		var pods struct{ Items []object }
		w.do(http.MethodGet, kubeSystem+"/pods", nil, &pods)
		for _, pod := range pods.Items {
			metadata := pod["metadata"].(object)
			if strings.HasPrefix(metadata["name"].(string), deployment+"-") && metadata["deletionTimestamp"] == nil {
				return ""
			}
		}
		return "there is no pod of " + deployment
	})
}

// touch changes the ReplicaSets of a Deployment.
func (w *wreck) touch(deployment string) {
	w.Helper()
	const sets = "/apis/apps/v1/namespaces/kube-system/replicasets"
	var list struct{ Items []object }
	w.do(http.MethodGet, sets, nil, &list)
	for _, set := range list.Items {
		metadata := set["metadata"].(object)
		if name := metadata["name"].(string); strings.HasPrefix(name, deployment+"-") {
			set["apiVersion"], set["kind"] = "apps/v1", "ReplicaSet" // which lists leave out
			delete(metadata, "resourceVersion")                      // its controller may write at the same time
			metadata["annotations"].(object)["example.org/woken"] = time.Now().String()
			w.do(http.MethodPut, sets+"/"+name, set, nil)
		}
	}
}

// sh runs a script on a node, and another one later.
func (w *wreck) sh(node, breaks, mends string) {
	w.f.sh(w.T, node, breaks)
	w.later(func() { w.f.sh(w.T, node, mends) })
}
