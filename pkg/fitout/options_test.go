package fitout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// A NetworkPolicy opens the ports that the pods declare, to everybody, and is there only if asked for.
func TestNetworkPolicies(t *testing.T) {
	for _, minor := range catalogue(t).Minors() {
		values := map[string]any{"networkPolicy": true}
		file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: minor, CNI: "calico",
			Addons: map[string]clusterfile.Addon{"coredns": {Values: values}, "metrics-server": {Values: values}}}}
		plan, err := fitout.Prepare(catalogue(t), file, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := templates(t, plan)
		for _, name := range []string{"coredns", "metrics-server"} {
			want := map[string]bool{}
			for _, p := range all[name].Spec.Containers[0].Ports {
				want[fmt.Sprint(p.Protocol, p.ContainerPort)] = true
			}
			rules, _, _ := unstructured.NestedSlice(renderedObject(plan, "NetworkPolicy", name).Object, "spec", "ingress")
			got := map[string]bool{}
			for _, p := range rules[0].(map[string]any)["ports"].([]any) {
				port := p.(map[string]any)
				got[fmt.Sprint(port["protocol"], port["port"])] = true
			}
			if diff := cmp.Diff(want, got); diff != "" || len(rules) != 1 || len(rules[0].(map[string]any)) != 1 {
				t.Errorf("%s %s: %s, rules %v", minor, name, diff, rules)
			}
		}
	}
	plan, err := preparedFrom(t, "")
	if err != nil || renderedObject(plan, "NetworkPolicy", "coredns") != nil {
		t.Errorf("error %v, or a policy that nobody asked for", err)
	}
}

// secretReaders are the roles that read Secrets: Role shop/traefik.
func secretReaders(t *testing.T, plan *fitout.Plan) string {
	t.Helper()
	var found []string
	for _, o := range plan.Rendering.Objects() {
		var role rbacv1.ClusterRole
		if id := manifest.IDOf(o); id.Kind == "Role" || id.Kind == "ClusterRole" {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "secrets") }) {
				found = append(found, id.String())
			}
		}
	}
	return strings.Join(found, ", ")
}

// An ingress controller that is told its namespaces reads Secrets nowhere else.
func TestIngressNamespaces(t *testing.T) {
	for _, minor := range catalogue(t).Minors() {
		for ingress, test := range map[string]struct{ addon, value, all, limited string }{
			"traefik": {"traefik", "namespaces: [shop, blog, shop]", "ClusterRole traefik", "Role blog/traefik, Role shop/traefik"},
			"nginx":   {"ingress-nginx", "watchNamespace: shop", "ClusterRole nginx-ingress, Role kube-system/nginx-ingress", "Role shop/nginx-ingress-watch"},
		} {
			for text, want := range map[string]string{"": test.all, "addons: {" + test.addon + ": {values: {" + test.value + "}}}": test.limited} {
				file, err := clusterfile.Read("c.yaml", strings.NewReader("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\nkubernetesVersion: "+minor+"\ncni: flannel\ningress: "+ingress+"\n"+text))
				if err != nil {
					t.Fatal(err)
				}
				plan, err := fitout.Prepare(catalogue(t), file, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				if got := secretReaders(t, plan); got != want {
					t.Errorf("%s %s %s: %s read Secrets, want %s", minor, ingress, text, got, want)
				}
			}
		}
	}
}
