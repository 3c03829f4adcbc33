package cluster_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/provider"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// What providers are looked for in is read whole: nodes but for their images, and of the pods those that are static.
func TestProviders(t *testing.T) {
	lists := map[string]string{
		"/api/v1/nodes": `{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"n","managedFields":[{}]},"status":{"images":[{}],"nodeInfo":{"kubeletVersion":"v1.36.4+k3s1"}}}]}`,
		"/api/v1/namespaces/kube-system/pods": `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[
{"metadata":{"name":"kube-proxy-n","namespace":"kube-system","ownerReferences":[{"kind":"Node","name":"n"}]},"spec":{"volumes":[{"name":"a"}]}},
{"metadata":{"name":"coredns-x","namespace":"kube-system","ownerReferences":[{"kind":"ReplicaSet","name":"coredns"}]}}]}`,
		"/api/v1/services":                            `{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"s","namespace":"other"}}]}`,
		"/apis/apps/v1/daemonsets":                    `{"kind":"DaemonSetList","apiVersion":"apps/v1","metadata":{},"items":[{"metadata":{"name":"cilium","namespace":"net"}}]}`,
		"/apis/storage.k8s.io/v1/storageclasses":      `{"kind":"StorageClassList","apiVersion":"storage.k8s.io/v1","metadata":{},"items":[{"metadata":{"name":"c"}}]}`,
		"/api/v1/namespaces/net/configmaps":           `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a","namespace":"net"}},{"metadata":{"name":"cilium-config","namespace":"net"}}]}`,
		"/apis/apps/v1/deployments":                   `{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":[]}`,
		"/apis/apiregistration.k8s.io/v1/apiservices": `{"kind":"APIServiceList","apiVersion":"apiregistration.k8s.io/v1","metadata":{},"items":[]}`,
		"/version": `{"gitVersion":"v1.36.4"}`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, lists[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: s.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Providers(t.Context(), func(o provider.Observed) []provider.Source {
		resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
		return []provider.Source{{Resource: resource, Namespace: o.Workloads[0].GetNamespace(), Name: "cilium-config"}}
	})
	if err != nil || len(found.Nodes) != 1 || len(found.Workloads) != 2 || len(found.Services) != 1 || len(found.StorageClasses) != 1 || len(found.Settings) != 1 {
		t.Fatalf("%v: %+v", err, found)
	}
	if name := found.Workloads[1].GetName(); name != "kube-proxy-n" || found.Workloads[1].Object["spec"] == nil {
		t.Errorf("%+v", found.Workloads[1])
	}
	for source, o := range found.Settings {
		if source.Namespace != "net" || o.GetName() != "cilium-config" {
			t.Errorf("%+v: %s", source, o.GetName())
		}
	}
	status := found.Nodes[0].Object["status"].(map[string]any)
	if _, images := status["images"]; images || status["nodeInfo"] == nil {
		t.Errorf("%+v", status)
	}
}
