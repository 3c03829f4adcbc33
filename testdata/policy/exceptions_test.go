package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exceptionsHeader = "apiVersion: fitout.dev/v1alpha1\nkind: PolicyExceptions\n"

const listed = exceptionsHeader + `
podSecurity: [{objects: [DaemonSet cni], level: privileged, problems: [host namespaces], reason: it is the network}]
rbac: [{objects: [ClusterRole r], problems: [verb bind], reason: none}]
images: [{objects: ["i:1"], problems: [has no digest], reason: none is known}]
kubeScore:
  ignored: [{test: pod-networkpolicy, reason: none}]
  objects: [{objects: [Deployment d], problems: [pod-probes], reason: none}]
`

// occurring are the findings that listed excepts.
func occurring() []finding {
	return []finding{
		{podSecurityRule, "DaemonSet cni", "meets privileged"}, {podSecurityRule, "DaemonSet cni", "host namespaces"},
		{rbacRule, "ClusterRole r", "verb bind"}, {imageRule, "i:1", "has no digest"},
		{scoreRule, "Deployment d", "pod-probes"}, {scoreRule, "Deployment d", "pod-networkpolicy"}, {scoreRule, "DaemonSet cni", "pod-networkpolicy"},
	}
}

func problems(t *testing.T, found []finding) string {
	t.Helper()
	e, err := readExceptions([]byte(listed))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, err := range compare(found, e) {
		all = append(all, err.Error())
	}
	return strings.Join(all, "\n")
}

func TestCompare(t *testing.T) {
	const unlisted = "; mend the chart, or list it in testdata/policy/exceptions.yaml with the reason"
	const stale = ": is listed in testdata/policy/exceptions.yaml and does not occur; remove it there"
	for name, test := range map[string]struct {
		found []finding
		want  string
	}{
		"exactly what is listed": {occurring(), ""},
		"found twice":            {append(occurring(), occurring()...), ""},
		"another object":         {append(occurring(), finding{rbacRule, "ClusterRole s", "verb bind"}), "RBAC: ClusterRole s: verb bind" + unlisted},
		"another problem":        {append(occurring(), finding{podSecurityRule, "DaemonSet cni", "privileged"}), "pod security: DaemonSet cni: privileged" + unlisted},
		"another rule":           {append(occurring(), finding{rbacRule, "ClusterRole r", "pod-networkpolicy"}), "RBAC: ClusterRole r: pod-networkpolicy" + unlisted},
		"a better level": {append(occurring()[1:], finding{podSecurityRule, "DaemonSet cni", "meets baseline"}),
			"pod security: DaemonSet cni: meets baseline" + unlisted + "\npod security: DaemonSet cni: meets privileged" + stale},
		"a problem less":            {append(occurring()[:2], occurring()[3:]...), "RBAC: ClusterRole r: verb bind" + stale},
		"a test that finds nothing": {occurring()[:5], "kube-score: the ignored test pod-networkpolicy finds nothing; remove it from testdata/policy/exceptions.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problems(t, test.found)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExceptionsNeedReasons(t *testing.T) {
	for want, text := range map[string]string{
		"rbac[0].reason is missing":              "rbac: [{objects: [ClusterRole r], problems: [verb bind]}]\n",
		"podSecurity[0].level is \"restricted\"": "podSecurity: [{objects: [DaemonSet d], level: restricted, problems: [privileged], reason: none}]\n",
		"rbca is not a field":                    "rbca: []\n",
	} {
		if _, err := readExceptions([]byte(exceptionsHeader + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestPrint(t *testing.T) {
	e, err := readExceptions([]byte(listed))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	bundles := []renderedBundle{{minor: "1.35", objects: objects(t, restricted)}, {minor: "1.36", objects: objects(t, restricted)}}
	if err := print(&got, bundles, occurring(), e); err != nil {
		t.Fatal(err)
	}
	want := `RULE          EXCEPTION       PROBLEMS                           REASON
pod security  DaemonSet cni   meets privileged: host namespaces  it is the network
RBAC          ClusterRole r   verb bind                          none
images        i:1             has no digest                      none is known
kube-score    Deployment d    pod-probes                         none
kube-score    any object (2)  pod-networkpolicy                  none

bundles 1.35, 1.36: 1 workloads; objects excepted: pod security 1, seccomp 0, tokens 0, RBAC 1, images 1, kube-score 1; kube-score tests ignored: 1
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
