package clusterfile_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
)

// What the API server would refuse of pod settings is a fault with its line.
func TestFaultsOfPods(t *testing.T) {
	const keys = "; use a name of letters, digits, -, _ and ., 63 at the most, with a domain and a slash before it if any, such as example.com/team"
	const values = "; use letters, digits, -, _ and ., 63 at the most, beginning and ending with a letter or digit"
	const affinity = "; kubectl explain pod.spec.affinity documents it"
	for name, test := range map[string]struct{ pods, want string }{
		"fine": {`tolerations: [{operator: Exists}, {key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 60}, {key: example.com/a, value: b, effect: NoSchedule}]
nodeSelector: {example.com/pool: infra}
affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {a: b}}}}]}}
priorityClassName: system-cluster-critical
labels: {team: platform, example.com/empty: ""}
annotations: {Example.com/Note: "any text\n"}
imagePullSecrets: [regcred]`, ""},
		"no key":            {"tolerations: [{effect: NoSchedule}]", ".tolerations[0].key is missing; name the taint, or set operator: Exists to tolerate every taint"},
		"wrong key":         {"tolerations: [{key: a b, operator: Exists}]", `.tolerations[0].key is "a b"` + keys},
		"wrong operator":    {"tolerations: [{key: a, operator: In}]", `.tolerations[0].operator is "In"; use one of Exists, Equal`},
		"Exists and value":  {"tolerations: [{key: a, operator: Exists, value: b}]", `.tolerations[0].value is "b" with the operator Exists, which takes none; remove it, or use the operator Equal`},
		"wrong value":       {"tolerations: [{key: a, value: b c}]", `.tolerations[0].value is "b c"` + values},
		"wrong effect":      {"tolerations: [{key: a, effect: Noschedule}]", `.tolerations[0].effect is "Noschedule"; did you mean NoSchedule? Allowed: NoSchedule, PreferNoSchedule, NoExecute`},
		"useless seconds":   {"tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 5}]", ".tolerations[0].tolerationSeconds is set without the effect NoExecute; remove it, or set effect: NoExecute"},
		"unknown field":     {"tolerations: [{keys: a}]", ".tolerations[0].keys is not a field of this format; did you mean key? Allowed: key, operator, value, effect, tolerationSeconds\n" + at + ".tolerations[0].key is missing; name the taint, or set operator: Exists to tolerate every taint"},
		"node label":        {"nodeSelector: {a b: c}", ".nodeSelector.a b is not a label" + keys},
		"node label value":  {"nodeSelector: {a: -c}", `.nodeSelector.a is "-c"` + values},
		"class":             {"priorityClassName: A_B", `.priorityClassName is "A_B"; give the name of a PriorityClass, such as system-cluster-critical`},
		"label":             {`labels: {"a/b/c": d}`, ".labels.a/b/c is not a label" + keys},
		"label of Fitout's": {"labels: {fitout.dev/addon: mine}", ".labels.fitout.dev/addon is Fitout's own; use a domain of yours"},
		"control character": {`labels: {"a\e[2J": d}`, `.labels.a\x1b[2J is not a label` + keys},
		"annotation":        {"annotations: {a b: c}", ".annotations.a b is not the name of an annotation" + keys},
		"config annotation": {"annotations: {fitout.dev/config: x}", ".annotations.fitout.dev/config is Fitout's own; use a domain of yours"},
		"long annotation":   {"annotations: {a: " + strings.Repeat("x", 262144) + "}", ".annotations has 262145 bytes; the API server takes 262144 at the most"},
		"secret":            {"imagePullSecrets: [regcred, A B]", `.imagePullSecrets[1] is "A B"; give the name of a Secret`},
		"affinity, unknown below": {"affinity: {podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologykey: a}}]}}",
			".affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologykey is not a field of PodAffinityTerm; did you mean topologyKey? Allowed: labelSelector, matchLabelKeys, mismatchLabelKeys, namespaceSelector, namespaces, topologyKey"},
		"affinity, unknown": {"affinity: {nodeAfinity: {}}", ".affinity.nodeAfinity is not a field of Affinity; did you mean nodeAffinity? Allowed: nodeAffinity, podAffinity, podAntiAffinity"},
		"affinity, no topology": {"affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {a: b}}}]}}",
			".affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey is missing: can not be empty" + affinity},
		"affinity, weight": {"affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101, podAffinityTerm: {topologyKey: zone}}]}}",
			".affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight is \"101\": must be in the range 1-100" + affinity},
		"affinity, operator": {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Is, values: [b]}]}]}}}",
			`.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator is "Is": supported values: "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"` + affinity},
		"affinity, no terms": {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}",
			".affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms is missing: must have at least one node selector term" + affinity},
		"affinity, selector": {"affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, labelSelector: {matchExpressions: [{key: a, operator: In}]}}]}}",
			".affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].values is missing: must be specified when `operator` is 'In' or 'NotIn'" + affinity},
	} {
		t.Run(name, func(t *testing.T) {
			text := "addons:\n  coredns:\n    workloads:\n      coredns:\n        " + strings.ReplaceAll(test.pods, "\n", "\n        ")
			_, _, err := complete(t, text, nil)
			want := test.want
			if want != "" {
				want = at + want
			}
			if diff := cmp.Diff(want, message(err)); diff != "" {
				t.Error(diff)
			}
			_, _, err = complete(t, strings.Replace(strings.Replace(text, "    workloads:\n", "    pods:\n", 1), "      coredns:\n", "", 1), nil)
			if first, _, _ := strings.Cut(test.want, "\n"); want == "" && err != nil || !strings.Contains(message(err), first) {
				t.Errorf("for all pods: error %v", err)
			}
		})
	}
}

const at = "c.yaml:7: addons.coredns.workloads.coredns"

func TestImageSettings(t *testing.T) {
	for text, want := range map[string]string{
		"imageRegistry: registry.corp.internal/mirror\nimagePullSecrets: [regcred]": "",
		"imageRegistry: 192.0.2.1:5000":                                             "",
		"imageRegistry: https://registry.corp":                                      `c.yaml:3: imageRegistry is "https://registry.corp"; give a host, with a port and a path if any, such as registry.example.com:5000/mirror`,
		"imageRegistry: registry.corp/":                                             `c.yaml:3: imageRegistry is "registry.corp/"; give a host, with a port and a path if any, such as registry.example.com:5000/mirror`,
		"imageRegistry: registry.corp/A":                                            `c.yaml:3: imageRegistry is "registry.corp/A"; give a host, with a port and a path if any, such as registry.example.com:5000/mirror`,
		"imageRegistry: \"a\\n  b: c\"":                                             `c.yaml:3: imageRegistry is "a\n  b: c"; give a host, with a port and a path if any, such as registry.example.com:5000/mirror`,
		"imagePullSecrets: [a, Reg_Cred]":                                           `c.yaml:3: imagePullSecrets[1] is "Reg_Cred"; give the name of a Secret`,
	} {
		_, _, err := complete(t, text, nil)
		if diff := cmp.Diff(want, message(err)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestTolerationObject(t *testing.T) {
	seconds := 5
	got := clusterfile.Toleration{Key: "a", Effect: "NoExecute", TolerationSeconds: &seconds}.Object()
	if diff := cmp.Diff(map[string]any{"key": "a", "effect": "NoExecute", "tolerationSeconds": int64(5)}, got); diff != "" {
		t.Error(diff)
	}
}
