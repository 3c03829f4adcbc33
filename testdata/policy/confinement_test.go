package main

import (
	"slices"
	"strings"
	"testing"
)

const annotated = "    metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: runtime/default}}\n    spec:"

func TestSeccomp(t *testing.T) {
	const unconfined = "seccomp: Deployment kube-system/good: no seccomp profile RuntimeDefault"
	for name, test := range map[string]struct {
		minor, old, new string
		want            []string
	}{
		"the pod's profile":       {"1.36", "", "", nil},
		"none":                    {"1.36", ", seccompProfile: {type: RuntimeDefault}", "", []string{unconfined}},
		"unconfined":              {"1.36", "type: RuntimeDefault", "type: Unconfined", []string{unconfined}},
		"one container outside":   {"1.36", "capabilities: {drop", "seccompProfile: {type: Unconfined}, capabilities: {drop", []string{unconfined}},
		"an annotation is no use": {"1.36", "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}", "hostNetwork: true", []string{unconfined}},
		"before the field":        {"1.18", "    spec:", annotated, nil},
		"the field is no use":     {"1.18", "", "", []string{unconfined}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(restricted, test.old, test.new, 1)
			if strings.HasPrefix(name, "an annotation") {
				text = strings.Replace(text, "    spec:", annotated, 1)
			}
			pods, err := podsOf(objects(t, text))
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(seccomp(test.minor, pods)); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	const useless = "tokens: Deployment kube-system/good: token of an account without permissions"
	const account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: kube-system}\n"
	const binding = `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
subjects: [{kind: ServiceAccount, name: a, namespace: kube-system}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
`
	for name, test := range map[string]struct {
		spec, more string
		want       []string
	}{
		"the default account":           {"", "", []string{useless}},
		"no permission":                 {"serviceAccountName: a", account, []string{useless}},
		"a permission":                  {"serviceAccountName: a", account + binding, nil},
		"a permission, the other order": {"serviceAccountName: a", binding + account, nil},
		"an account of somebody else's": {"serviceAccountName: a", binding, nil},
		"another account's permission":  {"serviceAccountName: b", binding, []string{useless}},
		"the pod mounts none":           {"serviceAccountName: a\n      automountServiceAccountToken: false", account, nil},
		"the account mounts none":       {"serviceAccountName: a", account + "automountServiceAccountToken: false\n", nil},
		"the pod overrides the account": {"serviceAccountName: a\n      automountServiceAccountToken: true", account + "automountServiceAccountToken: false\n", []string{useless}},
	} {
		t.Run(name, func(t *testing.T) {
			all := objects(t, strings.Replace(restricted, "      containers:", "      "+test.spec+"\n      containers:", 1)+test.more)
			pods, err := podsOf(all)
			if err != nil {
				t.Fatal(err)
			}
			found, err := tokens(pods, all)
			if got := texts(found); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("found %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}
