package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// restricted is a pod that meets every rule; each test breaks one of them.
const restricted = `apiVersion: apps/v1
kind: Deployment
metadata: {name: good, namespace: kube-system}
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: good
          image: registry.example/good:v1` + digest + `
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

func objects(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// texts are findings as text, sorted.
func texts(found []finding) []string {
	var all []string
	for _, f := range found {
		all = append(all, f.String())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestPodRules(t *testing.T) {
	for name, test := range map[string]struct {
		old, new string
		want     []string
	}{
		"nothing": {"", "", nil},
		"may run as root": {"runAsNonRoot: true", "runAsNonRoot: false", []string{
			"pod security: Deployment kube-system/good: meets baseline", "pod security: Deployment kube-system/good: runAsNonRoot != true"}},
		"host network": {"      containers:", "      hostNetwork: true\n      containers:", []string{
			"pod security: Deployment kube-system/good: host namespaces", "pod security: Deployment kube-system/good: meets privileged"}},
		"a capability": {"drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", []string{
			"pod security: Deployment kube-system/good: meets privileged", "pod security: Deployment kube-system/good: unrestricted capabilities"}},
		"latest":         {":v1" + digest, ":latest" + digest, []string{"images: registry.example/good:latest: is latest"}},
		"no tag":         {":v1" + digest, digest, []string{"images: registry.example/good: has no tag"}},
		"a port, no tag": {"registry.example/good:v1", "registry.example:5000/good", []string{"images: registry.example:5000/good: has no tag"}},
		"no digest":      {digest, "", []string{"images: registry.example/good:v1: has no digest"}},
		"half a digest":  {digest, digest[:20], []string{"images: registry.example/good:v1: has no digest"}},
		"an init container": {"      containers:", "      initContainers: [{name: i, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]\n      containers:", []string{
			"images: i: has no digest", "images: i: has no tag"}},
	} {
		t.Run(name, func(t *testing.T) {
			pods, err := podsOf(objects(t, strings.Replace(restricted, test.old, test.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			found, err := podSecurity("1.36", pods)
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(append(found, images(pods)...)); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// The level is that of the minor: a probe's host is forbidden from 1.34 on.
func TestPodSecurityHasAVersion(t *testing.T) {
	text := restricted + "          livenessProbe: {httpGet: {host: 127.0.0.1, port: 80}}\n"
	pods, err := podsOf(objects(t, text))
	if err != nil {
		t.Fatal(err)
	}
	for minor, want := range map[string]int{"1.33": 0, "1.34": 2} {
		if found, err := podSecurity(minor, pods); err != nil || len(found) != want {
			t.Errorf("%s: found %v, error %v; want %d findings", minor, found, err, want)
		}
	}
}

func TestPodsRefuses(t *testing.T) {
	for want, text := range map[string]string{
		"CronJob kube-system/good: a CronJob is not judged yet":        strings.Replace(restricted, "kind: Deployment", "kind: CronJob", 1),
		"Deployment kube-system/good: its pod template cannot be read": strings.Replace(restricted, "runAsNonRoot: true", "runAsNonRoot: often", 1),
	} {
		if _, err := podsOf(objects(t, text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v does not begin with %q", err, want)
		}
	}
}

func TestRBACRules(t *testing.T) {
	for rule, want := range map[string][]string{
		"{apiGroups: [''], resources: [pods], verbs: [get, list]}":         nil,
		"{apiGroups: [''], resources: [pods], verbs: ['*']}":               {"RBAC: ClusterRole r: wildcard in verbs"},
		"{apiGroups: [''], resources: ['*/status'], verbs: [get]}":         {"RBAC: ClusterRole r: wildcard in resources"},
		"{apiGroups: ['*'], resources: [pods], verbs: [get]}":              {"RBAC: ClusterRole r: wildcard in API groups"},
		"{nonResourceURLs: ['/metrics/*'], verbs: [get]}":                  {"RBAC: ClusterRole r: wildcard in URLs"},
		"{apiGroups: [g], resources: [roles], verbs: [bind, escalate]}":    {"RBAC: ClusterRole r: verb bind", "RBAC: ClusterRole r: verb escalate"},
		"{apiGroups: [''], resources: [users], verbs: [get, impersonate]}": {"RBAC: ClusterRole r: verb impersonate"},
	} {
		text := fmt.Sprintf("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: [%s]\n", rule)
		found, err := rbac(objects(t, text))
		if got := texts(found); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: found %q, error %v; want %q", rule, got, err, want)
		}
	}
	binding := "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"
	if found, err := rbac(objects(t, binding)); err != nil || len(found) != 1 || found[0].problem != "binds cluster-admin" {
		t.Errorf("found %v, error %v", found, err)
	}
}

func TestParseScore(t *testing.T) {
	found, err := parseScore([]byte(`[{"object_name": "x", "type_meta": {"kind": "DaemonSet", "apiVersion": "apps/v1"}, "object_meta": {"name": "n", "namespace": "kube-system"}, "checks": [
		{"check": {"id": "critical"}, "grade": 1}, {"check": {"id": "warning"}, "grade": 5}, {"check": {"id": "almost"}, "grade": 7}, {"check": {"id": "good"}, "grade": 10},
		{"check": {"id": "skipped"}, "grade": 0, "skipped": true}, {"check": {"id": "optional", "optional": true}, "grade": 1}]}]`))
	want := []string{"kube-score: DaemonSet kube-system/n: critical", "kube-score: DaemonSet kube-system/n: warning"}
	if got := texts(found); err != nil || !slices.Equal(got, want) {
		t.Errorf("found %q, error %v; want %q", got, err, want)
	}
	if _, err := parseScore([]byte("go: cannot be had")); err == nil {
		t.Error("what is no JSON is taken")
	}
}
