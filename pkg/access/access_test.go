package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/access"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const objects = `
apiVersion: v1
kind: Namespace
metadata: {name: net}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: net}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: agent, namespace: net}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: agent, namespace: net}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: agent}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewer, namespace: net}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: dns, namespace: kube-system}
`

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	all, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// grant returns what is printed, a line for each object and rule.
func grant(t *testing.T, run access.Run, to access.Account) string {
	t.Helper()
	run.Objects = parse(t, objects)
	run.Kinds = manifest.KindsOf(run.Objects)
	all, err := access.Grant(run, to)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, o := range all {
		fmt.Fprintln(&out, manifest.IDOf(o))
		for _, r := range rulesOf(t, o) {
			if len(r.NonResourceURLs) > 0 {
				fmt.Fprintf(&out, "  (%s): %s\n", strings.Join(r.NonResourceURLs, " "), strings.Join(r.Verbs, " "))
				continue
			}
			fmt.Fprintf(&out, "  %s/%s %s: %s\n", strings.Join(r.APIGroups, " "), strings.Join(r.Resources, ","), strings.Join(r.ResourceNames, ","), strings.Join(r.Verbs, " "))
		}
	}
	return out.String()
}

func rulesOf(t *testing.T, o *manifest.Object) []rbacv1.PolicyRule {
	t.Helper()
	var role rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
		t.Fatal(err)
	}
	return role.Rules
}

func TestServerSide(t *testing.T) {
	want := `Namespace net
ServiceAccount kube-system/fitout
ClusterRole fitout
  /namespaces,nodes,services : list
  /namespaces net: get create patch update
  admissionregistration.k8s.io/mutatingwebhookconfigurations,validatingwebhookconfigurations : list
  apiregistration.k8s.io/apiservices : list
  apps/daemonsets,deployments : list
  metrics.k8s.io/nodes : list
  networking.k8s.io/servicecidrs : list
  storage.k8s.io/csinodes,storageclasses : list
ClusterRoleBinding fitout
Role default/fitout
  /services kubernetes: get
RoleBinding default/fitout
Role kube-system/fitout
  /configmaps : list create
  /pods : list
  /configmaps kubeadm-config: get
  /configmaps dns,fitout-inventory: get patch update delete
  /secrets fitout-rendering-a,fitout-rendering-b: get create patch delete
  /services kube-dns: get create patch update delete
  coordination.k8s.io/leases : create
  coordination.k8s.io/leases fitout: get patch update delete
RoleBinding kube-system/fitout
Role net/fitout
  /events,pods : list
  /pods/log : get
  apps/daemonsets agent: get create patch update delete
  rbac.authorization.k8s.io/rolebindings,roles : list
  rbac.authorization.k8s.io/clusterroles view: bind
  rbac.authorization.k8s.io/rolebindings agent,viewer: get create patch update delete
  rbac.authorization.k8s.io/roles agent: get create patch update delete bind escalate
RoleBinding net/fitout
`
	got := grant(t, access.Run{ServerSide: true, ServiceCIDRs: true}, access.Account{Namespace: "kube-system", Name: "fitout"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Without server-side apply objects are created by POST, which has no name that a rule could limit.
func TestOldServer(t *testing.T) {
	want := `Namespace net
Namespace ops
ServiceAccount ops/runner
ClusterRole runner
  /namespaces : list create
  /nodes,services : list
  /namespaces net: get patch update
  admissionregistration.k8s.io/mutatingwebhookconfigurations,validatingwebhookconfigurations : list
  apiregistration.k8s.io/apiservices : list
  apps/daemonsets,deployments : list
  metrics.k8s.io/nodes : list
  storage.k8s.io/csinodes,storageclasses : list
ClusterRoleBinding runner
Role default/runner
  /services kubernetes: get
RoleBinding default/runner
Role kube-system/runner
  /configmaps : list create
  /pods : list
  /secrets,services : create
  /configmaps kubeadm-config: get
  /configmaps dns,fitout-inventory: get patch update delete
  /secrets fitout-rendering-a,fitout-rendering-b: get update delete
  /services kube-dns: get patch update delete
  coordination.k8s.io/leases : create
  coordination.k8s.io/leases fitout: get patch update delete
RoleBinding kube-system/runner
Role net/runner
  /events,pods : list
  /pods/log : get
  apps/daemonsets : create
  apps/daemonsets agent: get patch update delete
  rbac.authorization.k8s.io/rolebindings : list create
  rbac.authorization.k8s.io/roles : list create escalate
  rbac.authorization.k8s.io/clusterroles view: bind
  rbac.authorization.k8s.io/rolebindings agent,viewer: get patch update delete
  rbac.authorization.k8s.io/roles agent: get patch update delete bind
RoleBinding net/runner
`
	if diff := cmp.Diff(want, grant(t, access.Run{}, access.Account{Namespace: "ops", Name: "runner"})); diff != "" {
		t.Error(diff)
	}
}

// What an upgrade takes is added where it is wanted.
func TestUpgrade(t *testing.T) {
	run := access.Run{ServerSide: true, ServiceCIDRs: true, Networks: []string{"net"}}
	account := access.Account{Namespace: "kube-system", Name: "fitout"}
	before := strings.Split(grant(t, run, account), "\n")
	run.Upgrade = true
	added := slices.DeleteFunc(strings.Split(grant(t, run, account), "\n"), func(line string) bool { return slices.Contains(before, line) })
	want := []string{"  policy/poddisruptionbudgets : list", "  (/metrics): get", "  /events : list", "  /pods : list delete"} // was /events,pods
	slices.Sort(added)
	slices.Sort(want)
	if diff := cmp.Diff(want, added); diff != "" {
		t.Error(diff)
	}
}

func TestReadOnly(t *testing.T) {
	want := `Namespace net
ServiceAccount net/reader
ClusterRole reader
  /namespaces,nodes : list
  admissionregistration.k8s.io/mutatingwebhookconfigurations,validatingwebhookconfigurations : list
  metrics.k8s.io/nodes : list
  storage.k8s.io/csinodes,storageclasses : list
ClusterRoleBinding reader
Role default/reader
  /services kubernetes: get
RoleBinding default/reader
Role kube-system/reader
  /configmaps,services : list
  /pods/portforward : get create
  /configmaps kubeadm-config: get
  /services kube-dns: get
RoleBinding kube-system/reader
Role net/reader
  /events,pods : list
  /pods/log : get
  apps/daemonsets : list
  rbac.authorization.k8s.io/rolebindings,roles : list
RoleBinding net/reader
`
	got := grant(t, access.Run{ReadOnly: true, ServerSide: true}, access.Account{Namespace: "net", Name: "reader"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Commands may be run in the pods of agents where that is asked for, in their namespaces and nowhere else.
func TestAgents(t *testing.T) {
	account := access.Account{Namespace: "net", Name: "reader"}
	without := grant(t, access.Run{ReadOnly: true, ServerSide: true}, account)
	with := grant(t, access.Run{ReadOnly: true, ServerSide: true, Agents: []string{"net"}}, account)
	want := strings.Replace(without, "  /pods/log : get\n", "  /pods/exec : get create\n  /pods/log : get\n", 1)
	if diff := cmp.Diff(want, with); diff != "" {
		t.Error(diff)
	}
}

// What is no longer rendered may be removed, and not changed.
func TestReplaced(t *testing.T) {
	run := access.Run{ServerSide: true, Replaced: parse(t, `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: former, namespace: net}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: net}
---
apiVersion: v1
kind: Namespace
metadata: {name: former}
`)}
	got := grant(t, run, access.Account{Namespace: "kube-system", Name: "fitout"})
	for line, want := range map[string]bool{
		"  apps/daemonsets former: get delete\n":                    true,
		"  apps/daemonsets agent: get create patch update delete\n": true,
		"Namespace former\n":                                        false,
		"  /namespaces former: get\n":                               true, // it is kept, and that is told
	} {
		if strings.Contains(got, line) != want {
			t.Errorf("%q is in it: %v\n%s", line, !want, got)
		}
	}
}

func TestRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{apiVersion: v1, kind: Widget, metadata: {name: a}}":                                                                                        "Widget a: the kind Widget is neither built into Kubernetes",
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}}":                                                  "ClusterRoleBinding a: roleRef names no Role or ClusterRole; write its kind and name",
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: b}, roleRef: {kind: Group, name: everything}}": "RoleBinding b/a: roleRef names no Role",
	} {
		run := access.Run{Objects: parse(t, text), Kinds: manifest.KindsOf(nil)}
		if _, err := access.Grant(run, access.Account{Namespace: "a", Name: "b"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
