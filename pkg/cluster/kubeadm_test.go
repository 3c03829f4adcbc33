package cluster_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/hostileapi"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"k8s.io/client-go/rest"
)

// What kubeadm records is a help, not a condition: a warning says that it cannot be read, and why.
func TestKubeadmConfiguration(t *testing.T) {
	t.Parallel()
	holding := func(data string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kubeadm-config","namespace":"kube-system","uid":"a","resourceVersion":"1"},"data":%s}`, data)
	}
	configuration := func(text string) string {
		quoted, err := json.Marshal(map[string]string{"ClusterConfiguration": text})
		if err != nil {
			t.Fatal(err)
		}
		return holding(string(quoted))
	}
	for name, test := range map[string]struct {
		code int
		body string
		want string // of the warning; empty for none
	}{
		"there":      {200, configuration("networking: {podSubnet: 10.244.0.0/16}"), ""},
		"not there":  {404, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"NotFound","code":404}`, ""},
		"forbidden":  {403, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":"configmaps \"kubeadm-config\" is forbidden\u001b[2J"}`, "is forbidden"},
		"no YAML":    {200, configuration("networking: {\x1b[2J"), "cannot be read (error converting YAML"},
		"other type": {200, configuration("networking: [a]"), "cannot be read (error unmarshaling JSON"},
		"huge":       {200, configuration("networking: {podSubnet: [" + strings.Repeat("a,", 1<<19) + "]}"), "cannot be read (error unmarshaling JSON"},
		"other data": {200, holding(`["a"]`), ""}, // no text is there to be read
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hostileapi.Start("v1.36.4")
			defer server.Close()
			server.Plan(func(r *http.Request) http.HandlerFunc {
				if hostileapi.PathOf(r).Name != "kubeadm-config" {
					return nil
				}
				return func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(test.code)
					fmt.Fprint(w, test.body)
				}
			})
			c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()}}, cluster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			f, err := c.Facts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			warnings := strings.Join(f.Warnings(clusterfile.Cluster{}), "|")
			if (warnings == "") != (test.want == "") || !strings.Contains(warnings, test.want) || len(warnings) > 1000 {
				t.Errorf("warnings %.2000q", warnings)
			}
			if name == "there" && f.KubeadmPodCIDR != "10.244.0.0/16" {
				t.Errorf("pod CIDR %q", f.KubeadmPodCIDR)
			}
		})
	}
}
