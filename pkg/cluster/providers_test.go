package cluster_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"k8s.io/client-go/rest"
)

// What providers are looked for in is read whole: nodes but for their images, and of the pods those that are static.
func TestProviders(t *testing.T) {
	lists := map[string]string{
		"/api/v1/nodes": `{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"n","managedFields":[{}]},"status":{"images":[{}],"nodeInfo":{"kubeletVersion":"v1.36.4+k3s1"}}}]}`,
		"/api/v1/namespaces/kube-system/pods": `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[
{"metadata":{"name":"kube-proxy-n","namespace":"kube-system","ownerReferences":[{"kind":"Node","name":"n"}]},"spec":{"volumes":[{"name":"a"}]}},
{"metadata":{"name":"coredns-x","namespace":"kube-system","ownerReferences":[{"kind":"ReplicaSet","name":"coredns"}]}}]}`,
		"/api/v1/namespaces/kube-system/services":     `{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}`,
		"/apis/apps/v1/daemonsets":                    `{"kind":"DaemonSetList","apiVersion":"apps/v1","metadata":{},"items":[]}`,
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
	found, err := c.Providers(t.Context())
	if err != nil || len(found.Nodes) != 1 || len(found.Workloads) != 1 {
		t.Fatalf("%v: %+v", err, found)
	}
	if name := found.Workloads[0].GetName(); name != "kube-proxy-n" || found.Workloads[0].Object["spec"] == nil {
		t.Errorf("%+v", found.Workloads[0])
	}
	status := found.Nodes[0].Object["status"].(map[string]any)
	if _, images := status["images"]; images || status["nodeInfo"] == nil {
		t.Errorf("%+v", status)
	}
}
